import { ConfigError } from '../../errors.js';

/** You: a command line that cannot be read at all, whatever its settings are worth. Its code is `ERR_CONFIG`, too. */
export class UsageError extends ConfigError {}
