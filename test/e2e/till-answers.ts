import { among, type Change } from './answers'
import { pictureTime } from './shifted-clock'

const ago = (minutes: number) => new Date(pictureTime().getTime() - minutes * 60_000).toISOString()
const id = (n: number) => `019ab000-0000-7000-8000-0000000002${String(n).padStart(2, '0')}`

const key = { keyId: id(1), tillId: 'hubin-1', label: '前台收银机', createdAt: ago(60 * 24 * 9), revokedAt: null }
export const keys = {
  keys: [
    { ...key, lastUsedAt: ago(2) },
    { ...key, keyId: id(2), tillId: 'hubin-2', label: '外卖窗口', createdAt: ago(60 * 3), lastUsedAt: null },
    { ...key, keyId: id(3), label: '试用期间的密钥', lastUsedAt: ago(60 * 24 * 8), revokedAt: ago(60 * 24 * 7) },
  ],
}
export const keyMade = { keyId: id(1), secret: 'hyt_5cQ2r7m0b9Jx3nW8vT1kYpLs6dHfZaEu4gRiOtXwNqM' }

const webhook = {
  webhookId: id(11),
  url: 'https://pos.yizhan-tea.example/huiyuan/orders?store=hubin',
  events: ['order.settled', 'order.returned'],
  createdAt: ago(60 * 24 * 20),
  endedAt: null,
  endedBySilence: false,
}
export const webhooks = {
  webhooks: [
    webhook,
    {
      ...webhook,
      webhookId: id(12),
      url: 'https://old.example/hook',
      events: ['order.settled'],
      endedAt: ago(60 * 24 * 3),
      endedBySilence: true,
    },
  ],
}
export const WEBHOOK_ID = webhook.webhookId

const delivery = {
  event: 'order.settled',
  state: 'sent',
  attempts: 1,
  lastStatus: 200,
  createdAt: ago(4),
  nextAt: null,
  sentAt: ago(4),
}
export const deliveries = {
  deliveries: [
    { ...delivery, deliveryId: id(21), orderNo: '261122-K7QM-04' },
    {
      ...{ ...delivery, deliveryId: id(22), orderNo: '261122-3FZT-11', state: 'waiting', attempts: 2 },
      ...{ lastStatus: 502, createdAt: ago(9), nextAt: ago(-6), sentAt: null },
    },
    {
      ...{ ...delivery, deliveryId: id(23), orderNo: '261119-9XWD-02', event: 'order.returned', state: 'given_up' },
      ...{ attempts: 14, lastStatus: null, createdAt: ago(60 * 70), sentAt: null },
    },
    {
      ...delivery,
      deliveryId: id(24),
      orderNo: '261118-PB2C-31',
      attempts: 3,
      createdAt: ago(60 * 90),
      sentAt: ago(60 * 89),
    },
  ],
}

const tablet = {
  tabletId: id(31),
  tillId: 'hubin-1',
  label: '门口的平板',
  enrolledAt: ago(60 * 24 * 12),
  revokedAt: null,
}
export const tablets = {
  tablets: [
    { ...tablet, lastSyncAt: ago(3) },
    { ...tablet, tabletId: id(32), tillId: 'hubin-2', label: '二楼备用', lastSyncAt: null, enrolledAt: ago(40) },
    { ...tablet, tabletId: id(33), label: '去年那台', lastSyncAt: ago(60 * 24 * 5), revokedAt: ago(60 * 24 * 4) },
  ],
}

const clash = {
  tillId: 'hubin-1',
  sequence: 1_000_000_017,
  tabletLabel: '门口的平板',
  amountFen: 5_600,
  soldAt: ago(95),
  receivedAt: ago(30),
  clash: 'code_used',
  awardable: true,
  usedBefore: { at: ago(94), storeName: '湖滨店', amountFen: 5_600 },
}
export const clashes = {
  more: false,
  clashes: [
    clash,
    { ...clash, sequence: 1_000_000_012, amountFen: 2_350, soldAt: ago(130), clash: 'code_old', usedBefore: null },
    {
      ...{ ...clash, tillId: 'hubin-2', sequence: 204, tabletLabel: null, amountFen: 12_800, soldAt: ago(60 * 26) },
      ...{ clash: 'code_wrong', awardable: false, usedBefore: null },
    },
  ],
}
export const CLASH_ID = `${clash.tillId}-${clash.sequence}`

export const broken = { storeId: 'hubin', entries: 4_182, intact: false, brokenAt: 3_907 }

const service = { period: 'month', backAt: null, words: '任选一种小料，加在这一杯里。' }
export const services = {
  services: [
    { ...service, rightId: 'upgrade_free', title: '免费加料', state: 'available', left: 2 },
    {
      ...{ ...service, rightId: 'cup_free', title: '免费升大杯', words: '中杯升大杯。' },
      ...{ state: 'used_up', left: 0, backAt: ago(-60 * 24 * 9) },
    },
  ],
  sayings: [{ rightId: 'multiplier_black', title: '周三双倍积分', words: '今天积分翻倍，这一单多得一份' }],
}

const line = { fullFen: 4_400, payableFen: 3_762, returnedQty: 0 }
const made = {
  pointsUsed: 600,
  lines: [
    { ...line, lineNo: 1, title: '桂花乌龙鲜奶', qty: 2 },
    { ...line, lineNo: 2, title: '龙井曲奇', qty: 3, fullFen: 5_400, payableFen: 4_617, returnedQty: 1 },
    { ...line, lineNo: 3, title: '核桃酥', qty: 1, fullFen: 2_600, payableFen: 2_223, returnedQty: 1 },
  ],
}
const settled = {
  orderRef: 'sealed',
  tillId: 'hubin-1',
  nameMasked: '小*',
  staffName: '阿*',
  state: 'settled',
  fullFen: 12_400,
  refundedFen: 0,
  pointsUsed: 0,
  lines: [],
}
/** A day on which everything was sold once: by articles, by amount, partly returned and whole. */
export const fullShift = {
  totals: { count: 3, amountFen: 17_040, points: 169, members: 2 },
  nextCursor: null,
  orders: [
    {
      ...{ ...settled, ...made, orderId: id(41), orderNo: '261122-K7QM04', amountFen: 10_602, points: 106 },
      settledAt: ago(6),
    },
    { ...settled, orderId: id(42), orderNo: '261122-3FZT11', amountFen: 6_800, points: 68, settledAt: ago(25) },
    {
      ...{ ...settled, orderId: id(43), orderNo: '261122-9XWD02', amountFen: 3_000, points: 30, state: 'returned' },
      ...{ settledAt: ago(90), refundedFen: 3_000 },
    },
    {
      ...{ ...settled, orderId: id(44), orderNo: '261122-PB2C31', amountFen: 5_000, points: 50, refundedFen: 2_000 },
      settledAt: ago(130),
    },
  ],
}

/** The latest purchase was rung up by articles, and points paid a part of it. */
export const madeOfArticles: Change = among('orders', (order, n) =>
  n === 0 ? { ...order, ...made, fullFen: 12_400, amountFen: 10_602, refundedFen: 3_762 } : order,
)
