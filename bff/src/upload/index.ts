export { checkText, type TextCheck } from './check-text'
export { describeUploads, type Picture } from './describe-uploads'
