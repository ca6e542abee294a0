/**
 * Node's module `http`. An `import` of it would have Node evaluate every export, and one of them loads an HTTP client of its own, which
 * costs each thread some 25 ms on Node 24 and 26: without the `import` it stays where it is until somebody asks for it.
 */
export const http: typeof import('node:http') = process.getBuiltinModule('node:http');
