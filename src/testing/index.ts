export { assertSwitches } from './assert-switches.js';
export { MockClock, type MockTime, useMockClock } from './mock-clock.js';
export { Sequencer } from './sequencer.js';
export { waitUntilIdle } from './wait-until-idle.js';
