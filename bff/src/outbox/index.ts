export { forbidMessages } from './forbid-messages'
export { outboxOnOrderSettled } from './outbox-on-order-settled'
export { recordDelivery } from './record-delivery'
export { sendDueMessages } from './send-due-messages'
