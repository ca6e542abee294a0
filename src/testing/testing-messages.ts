import { operation } from '../engine/operation.js';

/** Answers when every other greenlet is parked. */
export const IDLE = operation<[], void>(224, 'waitUntilIdle');
export const SEQUENCER_OPEN = operation<[], number>(225, 'Sequencer');
/** Answers when it is the turn of the step. */
export const SEQUENCER_AT = operation<[handle: number, step: number], void>(226, 'Sequencer.at');
export const SEQUENCER_DONE = operation<[handle: number, step: number], void>(227, 'Sequencer.at');
export const CLOCK_NOW = operation<[], number>(228, 'MockTime.now');
export const CLOCK_ADVANCE = operation<[ms: number], number>(229, 'MockTime.advance');
