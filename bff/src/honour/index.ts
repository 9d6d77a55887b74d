export { reviewHonours } from './review-honours'
