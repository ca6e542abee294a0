import { runAsWorker } from 'synckit';

runAsWorker(async (text: string) => text);
