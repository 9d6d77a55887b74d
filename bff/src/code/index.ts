export { type CheckedCode, checkCode } from './check-code'
