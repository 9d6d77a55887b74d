import { PROOF_DIGITS } from '@huiyuan/shared/code'
import { articleCheckDigit } from '@huiyuan/shared/product'
import { TILL_COMMANDS } from '../../miniapp/src/pages/staff/till-command'
import { DEMO_PRODUCTS } from '../../prisma/seed/product'
import { testDatabase } from '../support/database'
import { until } from '../support/patience'
import { readBarcode } from './barcode-reader.fixture'
import { customerOf, type NextCode } from './customer'
import { scanInto, see, storyOf, tap, textOf } from './walk.fixture'
import { at, PHONE, type Screen, signInAs, startWebHouse, TILL, type WebHouse } from './web-house'

const database = testDatabase()
let there: WebHouse
let qing: Screen
let nextCode: NextCode

beforeAll(async () => {
  there = await startWebHouse(database.url, { members: 0 })
  qing = await there.open(TILL)
  nextCode = await customerOf(there, 'mei')
  await signInAs(qing, there.url, '阿青')
})
afterAll(() => there?.stop())

const scan = (text: string) => scanInto(qing, text)
const step = storyOf(() => ({ till: qing }))

describe('Qing with the hand scanner alone', () => {
  const [tin, cookies] = ['longjing_tin', 'tea_cookie'].map(
    (sku) => DEMO_PRODUCTS.find((one) => one.sku === sku) ?? { title: '', barcode: '' },
  )
  const pack = (article: typeof tin) => scan(`${article?.barcode}${articleCheckDigit(article?.barcode ?? '')}`)
  const piecesSay = (words: RegExp) =>
    until(
      () => textOf(qing, 'rung'),
      (shown) => words.test(shown),
    )

  step('prints her card; what stands on it is what the till understands', async () => {
    await qing.page.goto(`${there.url}/#/pages/staff/card`)
    await at(qing.page, 'till-card').waitFor()
    for (const [command, { text }] of Object.entries(TILL_COMMANDS)) {
      const bars = await qing.page.locator(`#command-${command} .tc__bars`).screenshot()
      expect(await readBarcode(there.browser, bars, 'code128')).toBe(text)
    }
    await qing.page.goto(`${there.url}/#/pages/staff/counter`)
    await see(qing, '请顾客出示会员码')
  })

  step('from the code with its proof to the next customer: articles, points, one taken back, paid, done', async () => {
    await qing.page.evaluate(() => document.addEventListener('pointerdown', () => document.body.append('touched')))
    await pack(tin)
    await piecesSay(/商品 1 件/)
    await scan(`${await nextCode()}${'7'.repeat(PROOF_DIGITS)}`)
    await at(qing.page, 'who').waitFor()
    await pack(cookies)
    await pack(cookies)
    await piecesSay(/商品 3 件/)
    await scan(TILL_COMMANDS.undo.text)
    await piecesSay(/商品 2 件/)
    await see(qing, `${cookies?.title}`)
    await scan(TILL_COMMANDS.points.text)
    await see(qing, /已用 [\d,]+ 积分，抵/)
    // the price may still be on its way: it is locked as soon as it is there
    await scan(TILL_COMMANDS.pay.text)
    await see(qing, '请顾客付款')
    await qing.page.locator('#settle:not([aria-disabled=true]):visible').waitFor()
    await scan(TILL_COMMANDS.pay.text)
    await at(qing.page, 'done').waitFor()
    await see(qing, /其中用了 [\d,]+ 积分/)
    await scan(TILL_COMMANDS.next.text)
    await see(qing, '请顾客出示会员码')
    expect(await qing.page.getByText('touched').count()).toBe(0)
  })

  step('one of the articles goes back: its share of the money, and of the points that paid for it', async () => {
    await scan(await nextCode())
    await at(qing.page, 'who').waitFor()
    await tap(qing, 'recent-open')
    await see(qing, /等 2 件 · 用了/)
    await qing.page.locator('#recent .hy-cell--tap:visible').first().click()
    await qing.page.locator('#return-lines [role=button]:visible').click()
    await see(qing, '请选退哪几件')
    await tap(qing, 'line-2-more')
    await tap(qing, 'return-submit')
    await see(qing, /退回用掉的 [\d,]+ 积分/)
    await see(qing, /还可退/)
    await tap(qing, 'return-done')
    await qing.page.getByRole('button', { name: '关闭' }).filter({ visible: true }).click()
    await tap(qing, 'other-member')
  })

  step('an unknown barcode and an unknown command are answered in words', async () => {
    await scan('6901234567892')
    await see(qing, '菜单里没有这个条码')
    await scan('HY-WHAT')
    await see(qing, '不认识这个指令码')
  })
})

describe('Qing with her phone, 390 px', () => {
  step('from the code to done in three taps beside the digits', async () => {
    const phone = await there.open(PHONE)
    await signInAs(phone, there.url, '阿青')
    await phone.page.goto(`${there.url}/#/pages/staff/counter`)
    await at(phone.page, 'code-input').fill(await nextCode())
    await phone.page.evaluate(() => {
      document.body.dataset.taps = '0'
      const count = ({ target }: Event) => {
        const digit = target instanceof Element && target.closest('.hy-key')
        if (!digit) document.body.dataset.taps = String(Number(document.body.dataset.taps) + 1)
      }
      document.addEventListener('click', count, true)
    })
    await at(phone.page, 'scan-submit').tap()
    await at(phone.page, 'who').waitFor()
    for (const key of '68') await at(phone.page, `key-${key}`).tap()
    await at(phone.page, 'earn').waitFor()
    await at(phone.page, 'hold').tap()
    await phone.page.locator('#settle:not([aria-disabled=true]):visible').tap()
    await at(phone.page, 'done').waitFor()
    expect(Number(await phone.page.evaluate(() => document.body.dataset.taps))).toBe(3)
    expect([...phone.complaints, ...qing.complaints]).toEqual([])
  })
})
