export { forgetDeliveries, sendDueWebhooks } from './send-due-webhooks'
export { webhookOnOrderReturned, webhookOnOrderSettled } from './webhook-on-order'
