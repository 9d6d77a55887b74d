export { ownRights, type RightFacts, type RightJson } from './own-rights'
