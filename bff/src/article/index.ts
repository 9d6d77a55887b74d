export {
  articleOnActivity,
  articleOnMemberJoined,
  articleOnOrderReturned,
  articleOnOrderSettled,
} from './article-on-events'
export { countReadings } from './count-readings'
