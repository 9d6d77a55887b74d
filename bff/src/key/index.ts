export { KeyRingProblem, openRing, openRingSoon } from './open-ring'
