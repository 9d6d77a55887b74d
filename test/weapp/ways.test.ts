import { randomUUID } from 'node:crypto'
import { judgeProof } from '@huiyuan/shared/certificate'
import { verifyEd25519 } from '../../bff/src/code/ed25519'
import { signIn } from '../support/running-house'
import { DEMO_TEMPLATES } from '../wechat-sandbox'
import { phoneHouse } from './house.fixture'
import { expectLight } from './light.fixture'
import { readQr } from './read-qr.fixture'
import { describeWithWcc } from './wcc.fixture'

const there = phoneHouse()

describeWithWcc('ways other than the straight one', () => {
  test('somebody without a phone number in WeChat enters by text message', async () => {
    const phone = there.phoneOf('he')
    await phone.start({ path: 'tabs/home/index', query: { s: 'hubin', l: 'poster1' }, scene: 1047 })
    await phone.tap('#join-open')
    await phone.tap('#consent')
    await phone.tap('#join-phone-sms')
    const asked = phone.journal.requests.length
    await phone.tap('#join-submit')
    expect(phone.journal.requests).toHaveLength(asked)
    await phone.type('#sms-phone', '13900001111')
    await phone.tap('#sms-send')
    expect(phone.text()).toMatch(/\d+ 秒后重发/)
    const text = there.house.sandbox.control.sms().at(-1)?.text ?? ''
    await phone.type('#sms-code', /\d{6}/.exec(text)?.[0] ?? '')
    await phone.tap('#join-submit')
    await phone.until('the gift', () => phone.page().page.path === 'pages/gift/gift')
    await phone.back()
    await phone.until('the card', () => phone.sees('#card-points'))
    expect(phone.complaints()).toEqual([])
  })

  test('somebody who keeps the number enters without', async () => {
    there.house.sandbox.control.addPerson({ key: 'shy', name: '小静', phone: '+8613900002222' })
    const phone = there.phoneOf('shy')
    await phone.start()
    await phone.tap('#join-open')
    await phone.tap('#consent')
    await phone.tap('#join-skip-phone')
    await phone.until('the gift', () => phone.page().page.path === 'pages/gift/gift')
    await phone.tap('#gift-open')
    await phone.until('what was in it', () => phone.text().includes('都是你的了'))
    for (const id of ['gift-row-birthday', 'gift-birthday', 'month-2', 'day-29', 'birthday-submit'])
      await phone.tap(`#${id}`)
    await phone.until('the day that is said', () => phone.text().includes('生日礼在路上'))
    expectLight(phone)
    await phone.back()
    await phone.until('the card', () => phone.sees('#card-points'))
    expect(phone.text()).toContain('绑定手机号')
  })

  test('a phone whose clock is two hours wrong shows a code that the counter takes and that proves itself', async () => {
    const phone = there.phoneOf('mei', { clockOffsetMs: 7_200_000 })
    await phone.start()
    await phone.tap('#tab-code')
    await phone.until('the proof', () => phone.sees('.hy-qr--long'))
    const code = phone.get('#member-code').children[0]?.text.replace(/\s/g, '') ?? ''
    const text = readQr(phone)
    const { api } = await signIn(there.house.sandbox, there.url, 'qing')
    const keys = (await api.code.publicKeys.query()).keys.map(({ number, publicKey }) => ({
      number,
      publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')),
    }))
    const judged = judgeProof(text, { now: Date.now(), keys, verify: verifyEd25519, usedStep: () => null })
    expect(judged).toMatchObject({ refusal: null, tier: 2, handle: text.slice(1, 11) })
    const visit = await api.visit.scan.mutate({ requestId: randomUUID(), code, tillId: 'hubin-1' })
    expect(visit.member.phoneMasked).toBe('138****3318')
  })

  test('a clock that is set again without a network is told in words, until the network is back', async () => {
    const phone = there.phoneOf('mei')
    await phone.start({ path: 'tabs/code/index' })
    await phone.until('the code', () => phone.sees('#member-code'))
    await phone.setOnline(false)
    phone.clock.offsetMs = 600_000
    await phone.until('the words', () => phone.text().includes('手机时间被改过'))
    await phone.setOnline(true)
    await phone.until('the right time', () => !phone.sees('#clock-doubt'))
    expect(phone.complaints()).toEqual([])
  })

  test('a member allows one message with one tap, and WeChat and the house count the same', async () => {
    const { templateId } = DEMO_TEMPLATES.points_arrived
    const { control } = there.house.sandbox
    const phone = there.phoneOf('mei')
    await phone.start({ path: 'tabs/code/index' })
    const before = control.consentsLeft('mei', templateId)
    await phone.tap('#allow-points')
    expect(control.consentsLeft('mei', templateId)).toBe(before + 1)
    expect(phone.text()).toContain('已开启')
    expect(phone.complaints()).toEqual([])
  })

  test('signing out makes the phone a stranger’s: no code, no card, no way back without signing in', async () => {
    const phone = there.phoneOf('mei')
    await phone.start()
    await phone.until('her home', () => phone.text().includes('小梅'))
    await phone.tap('#tab-code')
    expect(phone.sees('#member-code')).toBe(true)
    await phone.tap('#tab-me')
    await phone.tap('#sign-out')
    await phone.tap('#tab-code')
    expect(phone.sees('#member-code')).toBe(false)
    await phone.tap('#tab-home')
    expect(phone.text()).not.toContain('小梅')
    // nothing of hers is left either for whoever signs in here next
    expect(JSON.stringify([...phone.memory])).not.toMatch(/secret|accessToken|小梅|growth/)
    expect(phone.complaints()).toEqual([])
  })

  test('dark follows the phone', async () => {
    const phone = there.phoneOf('mei', { theme: 'dark' })
    await phone.start()
    await phone.setTheme('light')
    await phone.hide()
    await phone.show()
    expect(phone.complaints()).toEqual([])
  })

  test('a server that is away is said in words, with a way to ask again; once it is back, that happens by itself', async () => {
    const phone = there.phoneOf('mei')
    await phone.start()
    await phone.setOnline(false)
    await phone.tap('#tab-me')
    await phone.until('the word', () => phone.sees('重试'))
    const asked = phone.journal.requests.length
    await phone.tap('重试')
    expect(phone.journal.requests.length).toBeGreaterThan(asked)
    await phone.setOnline(true)
    await phone.until('the page', () => phone.text().includes('积分明细'))
    expect(phone.complaints()).toEqual([])
  })
})
