export { forgetNonces } from './api/admit-call'
export { type TillLimits, tillApiRoute } from './api/route'
