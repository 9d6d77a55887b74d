export { obligationOnOrderReturned, obligationOnOrderSettled } from './obligation-on-order'
export { obligationOnUploadChecked } from './obligation-on-upload'
