import { testDatabase } from '../../../test/support/database'
import { createSandbox, DEMO_APPS, demoApps } from '../../../test/wechat-sandbox'
import { type Ctx, inTx } from '../ctx'
import { heldClock, openHouse, type TestHouse } from '../outbox/outbox.fixture'
import { refuse } from '../refusal'
import { forgetSmsCodes, noSender, sandboxSender, sendSmsCode, spendSmsCode } from '.'

const database = testDatabase()
const inbox: { phone: string; text: string }[] = []
const clock = heldClock()
let one: TestHouse
let two: TestHouse
beforeAll(() => {
  const sendText = async (phone: string, text: string) => void inbox.push({ phone, text })
  one = openHouse(database.url, { clock, sendText })
  two = openHouse(database.url, { clock, sendText })
})
afterAll(() => Promise.all([one.close(), two.close()]))

let born = 0
const newPhone = () => `138${String(++born).padStart(8, '0')}`
const codeIn = (text = '') => /\d{6}/.exec(text)?.[0] ?? ''
/** A phone that has just been sent a code. */
async function sent(phone = newPhone()) {
  await sendSmsCode(one.ctx, phone)
  const code = codeIn(inbox.at(-1)?.text)
  return { phone, code, wrong: code === '000000' ? '111111' : '000000' }
}
const outcome = (work: Promise<unknown>) =>
  work.then(
    (answer) => String(answer),
    (error) => JSON.stringify(error.fault ?? error.message),
  )
function countOf(all: string[]): Record<string, number> {
  const seen: Record<string, number> = {}
  for (const each of all) seen[each] = (seen[each] ?? 0) + 1
  return seen
}
const wrongWith = (triesLeft: number) => JSON.stringify({ code: 'SMS_WRONG', detail: { triesLeft } })
const EXPIRED = JSON.stringify({ code: 'SMS_EXPIRED', detail: {} })
const tooSoon = (retryAfterSeconds: number) => ({ fault: { code: 'SMS_TOO_SOON', detail: { retryAfterSeconds } } })

describe('sending a code', () => {
  test('reaches the phone in the brand’s name and says when another can be had', async () => {
    const phone = newPhone()
    expect(await sendSmsCode(one.ctx, `+86 ${phone}`)).toEqual({ resendAfterSeconds: 60 })
    expect(inbox.at(-1)).toEqual({
      phone: `+86${phone}`,
      text: expect.stringMatching(/^【一盏】验证码 \d{6}，5 分钟内有效。请不要告诉任何人。$/),
    })
  })

  test('keeps neither phone nor code readable', async () => {
    const { phone, code } = await sent()
    const rows = JSON.stringify(await one.ctx.db.smsCode.findMany())
    expect(rows).not.toContain(phone)
    expect(rows).not.toContain(code)
  })

  test('refuses what is no phone', async () => {
    for (const text of ['12345', '0571 8888 8888', ''])
      await expect(sendSmsCode(one.ctx, text)).rejects.toMatchObject({ fault: { code: 'PHONE_INVALID' } })
  })

  test('not before a minute has passed, to the second', async () => {
    const { phone } = await sent()
    await expect(sendSmsCode(one.ctx, phone)).rejects.toMatchObject(tooSoon(60))
    clock.pass(59_001)
    await expect(sendSmsCode(one.ctx, phone)).rejects.toMatchObject(tooSoon(1))
    clock.pass(999)
    await sendSmsCode(one.ctx, phone)
  })

  test('ten a business day, then tomorrow at 00:00 in Shanghai', async () => {
    const phone = newPhone()
    for (let i = 0; i < 10; i++) {
      await sendSmsCode(one.ctx, phone)
      clock.pass(60_000)
    }
    const midnight = Date.UTC(2026, 10, 22, 16)
    await expect(sendSmsCode(one.ctx, phone)).rejects.toMatchObject(
      tooSoon(Math.ceil((midnight - clock.at.getTime()) / 1000)),
    )
    const before = clock.at.getTime()
    clock.at = new Date(midnight - 1)
    await expect(sendSmsCode(one.ctx, phone)).rejects.toMatchObject(tooSoon(1))
    clock.at = new Date(midnight)
    await sendSmsCode(one.ctx, phone)
    clock.at = new Date(before)
  })

  test('asked 32 times at once by two processes, sends one', async () => {
    const phone = newPhone()
    const before = inbox.length
    const all = await Promise.all(
      Array.from({ length: 32 }, (_, i) => outcome(sendSmsCode((i % 2 ? one : two).ctx, phone))),
    )
    expect(inbox.length - before).toBe(1)
    expect(countOf(all)).toEqual({
      '[object Object]': 1,
      [JSON.stringify({ code: 'SMS_TOO_SOON', detail: { retryAfterSeconds: 60 } })]: 31,
    })
  })

  test('a provider that fails: said so, free to try again at once, the log tells neither phone nor code', async () => {
    const phone = newPhone()
    let late = ''
    const failing: Ctx = {
      ...one.ctx,
      sendText: async (to, text) => {
        late = codeIn(text)
        throw new Error(`no route to ${to}: ${text}`)
      },
    }
    await expect(sendSmsCode(failing, phone)).rejects.toMatchObject({ fault: { code: 'SERVICE_AWAY' } })
    expect(one.lines.at(-1)).toContain('a text message was not sent')
    expect(one.lines.join()).not.toMatch(new RegExp(`${phone}|${late}`))
    // it may have gone out all the same
    expect(await spendSmsCode(one.ctx, phone, late)).toBe(`+86${phone}`)
    await sendSmsCode(one.ctx, phone)
    await expect(sendSmsCode({ ...failing, sendText: noSender }, newPhone())).rejects.toMatchObject({
      fault: { code: 'SERVICE_AWAY' },
    })
  })

  test('a provider that fails is not asked more than ten times a day for one phone', async () => {
    const phone = newPhone()
    let asked = 0
    const failing: Ctx = {
      ...one.ctx,
      sendText: async () => {
        asked++
        throw new Error('down')
      },
    }
    for (let i = 0; i < 12; i++) await outcome(sendSmsCode(failing, phone))
    expect(asked).toBe(10)
  })
})

describe('spending a code', () => {
  test('proves the phone, once', async () => {
    const { phone, code } = await sent()
    expect(await spendSmsCode(one.ctx, `0086${phone}`, code)).toBe(`+86${phone}`)
    expect(await outcome(spendSmsCode(one.ctx, phone, code))).toBe(EXPIRED)
  })

  test('five looks: the fifth wrong one ends it, also for the right code', async () => {
    const { phone, code, wrong } = await sent()
    for (const triesLeft of [4, 3, 2, 1, 0])
      expect(await outcome(spendSmsCode(one.ctx, phone, wrong))).toBe(wrongWith(triesLeft))
    expect(await outcome(spendSmsCode(one.ctx, phone, code))).toBe(EXPIRED)
  })

  test('a code lives five minutes and not a millisecond longer', async () => {
    const [a, b] = [await sent(), await sent()]
    clock.pass(299_999)
    expect(await outcome(spendSmsCode(one.ctx, a.phone, a.code))).toBe(`+86${a.phone}`)
    clock.pass(1)
    expect(await outcome(spendSmsCode(one.ctx, b.phone, b.code))).toBe(EXPIRED)
  })

  test('a newer code replaces the older one and its tries', async () => {
    const old = await sent()
    await outcome(spendSmsCode(one.ctx, old.phone, old.wrong))
    let fresh = old
    while (fresh.code === old.code) {
      clock.pass(60_000)
      fresh = await sent(old.phone)
    }
    expect(await outcome(spendSmsCode(one.ctx, old.phone, old.code))).toBe(wrongWith(4))
    expect(await outcome(spendSmsCode(one.ctx, fresh.phone, fresh.code))).toBe(`+86${fresh.phone}`)
  })

  test('nobody’s phone and another one’s code prove nothing', async () => {
    const [a, b] = [await sent(), await sent()]
    expect(await outcome(spendSmsCode(one.ctx, newPhone(), a.code))).toBe(EXPIRED)
    if (a.code !== b.code) expect(await outcome(spendSmsCode(one.ctx, b.phone, a.code))).toBe(wrongWith(4))
    await expect(spendSmsCode(one.ctx, 'nobody', a.code)).rejects.toMatchObject({ fault: { code: 'PHONE_INVALID' } })
  })

  test('64 right answers at once on two processes: one of them', async () => {
    const { phone, code } = await sent()
    const all = await Promise.all(
      Array.from({ length: 64 }, (_, i) => outcome(spendSmsCode((i % 2 ? one : two).ctx, phone, code))),
    )
    expect(countOf(all)).toEqual({ [`+86${phone}`]: 1, [EXPIRED]: 63 })
  })

  test('64 wrong guesses at once on two processes: five looks', async () => {
    const { phone, wrong } = await sent()
    const all = await Promise.all(
      Array.from({ length: 64 }, (_, i) => outcome(spendSmsCode((i % 2 ? one : two).ctx, phone, wrong))),
    )
    const looks = Object.fromEntries([0, 1, 2, 3, 4].map((triesLeft) => [wrongWith(triesLeft), 1]))
    expect(countOf(all)).toEqual({ ...looks, [EXPIRED]: 59 })
  })

  test('a wrong try counts although the caller rolls back', async () => {
    const { phone, code, wrong } = await sent()
    for (let i = 0; i < 5; i++)
      await expect(inTx(one.ctx, (tx) => spendSmsCode(tx, phone, wrong))).rejects.toThrow('SMS_WRONG')
    expect(await outcome(spendSmsCode(one.ctx, phone, code))).toBe(EXPIRED)

    const again = await sent()
    const failing = inTx(one.ctx, async (tx) => {
      await spendSmsCode(tx, again.phone, again.code)
      refuse('BUSY')
    })
    await expect(failing).rejects.toThrow('BUSY')
    expect(await outcome(spendSmsCode(one.ctx, again.phone, again.code))).toBe(EXPIRED)
  })
})

test('codes are forgotten the next day, and not while they count', async () => {
  const at = heldClock()
  const mine = openHouse(database.url, { clock: at })
  await mine.ctx.db.smsCode.deleteMany()
  at.at = new Date(Date.UTC(2026, 10, 22, 15, 58))
  await sendSmsCode(mine.ctx, newPhone())
  at.at = new Date(Date.UTC(2026, 10, 22, 16, 1))
  expect(await forgetSmsCodes(mine.ctx)).toBe(0)
  at.at = new Date(Date.UTC(2026, 10, 22, 16, 4))
  await sendSmsCode(mine.ctx, newPhone())
  expect(await forgetSmsCodes(mine.ctx)).toBe(1)
  expect(await mine.ctx.db.smsCode.count()).toBe(1)
  await mine.close()
})

describe('the stand-in provider', () => {
  test('takes a text, and its failure is a failure', async () => {
    const sandbox = createSandbox({ apps: demoApps(DEMO_APPS) })
    const url = await sandbox.listen()
    await sandboxSender(url)('+8613800002207', '【一盏】验证码 123456')
    expect(sandbox.control.sms()).toEqual([
      expect.objectContaining({ phone: '+8613800002207', text: '【一盏】验证码 123456' }),
    ])
    sandbox.control.inject({ path: '/sms/send', kind: 'http', status: 500 })
    expect(await outcome(sandboxSender(url)('+8613800002207', 'x'))).toContain('500')
    expect(await outcome(sandboxSender(url)('nobody', 'x'))).toContain('not taken')
    await sandbox.close()
    await expect(sandboxSender(url)('+8613800002207', 'x')).rejects.toThrow()
  })
})
