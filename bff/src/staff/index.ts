export { type AtWork, findJob, type Job } from './find-job'
