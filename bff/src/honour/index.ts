export { honourOnMemberRenamed } from './honour-on-member-renamed'
export { reviewHonours } from './review-honours'
