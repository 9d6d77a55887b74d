export { liveLots } from './list-lots'
export { settleDueLots } from './settle-due-lots'
