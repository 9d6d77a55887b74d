export { readActor } from './read-actor'
