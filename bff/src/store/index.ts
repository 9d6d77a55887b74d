export { type AtWork, findJob, type Job } from './find-job'
export { listStores } from './list-stores'
