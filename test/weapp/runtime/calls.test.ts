import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { describeWithWcc } from '../wcc.fixture'
import { createPhone, type Phone, type PhoneOptions } from './phone'
import { writeProgram } from './plain-program.fixture'

const dist = writeProgram()
let phone: Phone
let server: Server
let baseUrl: string
let atOnce = 0
let most = 0

beforeAll(async () => {
  server = createServer(async (request, response) => {
    atOnce += 1
    most = Math.max(most, atOnce)
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    await pause(20)
    atOnce -= 1
    const { url, method, headers } = request
    response.statusCode = Number(new URL(url ?? '/', 'http://x').searchParams.get('status') ?? 200)
    response.setHeader('X-Trace', 'abc')
    response.end(
      JSON.stringify({
        url,
        method,
        type: headers['content-type'],
        body: Buffer.concat(parts).toString(),
        referer: headers.referer,
      }),
    )
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())
afterEach(() => phone?.close())

async function startPhone(options: Partial<PhoneOptions> = {}): Promise<Phone> {
  phone = createPhone({ dist, baseUrl, appid: 'wx1', ...options })
  await phone.start()
  return phone
}

/** Calls a wx function in the logic layer and answers what came, with `failed` when it was a failure. */
async function wx(name: string, asked: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  const call = `wx.${name}(Object.assign(${JSON.stringify(asked)}, { success(r) { out = r }, fail(r) { out = Object.assign({ failed: true }, r) } }))`
  phone.started().realm.run(`globalThis.out = null; ${call}`, 'test')
  await phone.settle()
  return JSON.parse(phone.started().realm.run('JSON.stringify(out)', 'test') as string) as Record<string, unknown>
}

describeWithWcc('wx.request', () => {
  test('succeeds with every status and parses what it can', async () => {
    await startPhone()
    const answer = await wx('request', {
      url: 'https://any.example/a?status=404',
      data: { q: '茶' },
      header: { Authorization: 'Bearer t' },
    })
    expect(answer).toMatchObject({ statusCode: 404, errMsg: 'request:ok', header: { 'X-Trace': 'abc' } })
    expect(answer.data).toMatchObject({
      url: '/a?status=404&q=%E8%8C%B6',
      method: 'GET',
      referer: 'https://servicewechat.com/wx1/0/page-frame.html',
    })
    expect(phone.journal.requests).toMatchObject([{ origin: 'https://any.example', status: 404 }])
  })

  test('sends JSON unless told otherwise', async () => {
    await startPhone()
    const json = await wx('request', { url: 'https://any.example/', method: 'POST', data: { a: 1 } })
    expect(json.data).toMatchObject({ type: 'application/json', body: '{"a":1}' })
    const header = { 'content-type': 'application/x-www-form-urlencoded' }
    const form = await wx('request', { url: 'https://any.example/', method: 'POST', data: { a: '1 2' }, header })
    expect(form.data).toMatchObject({ body: 'a=1%202' })
    expect(typeof (await wx('request', { url: 'https://any.example/', dataType: 'text' })).data).toBe('string')
  })

  test('knows no PATCH, fails without a network, and gives up in time', async () => {
    await startPhone()
    expect(await wx('request', { url: 'https://any.example/', method: 'PATCH' })).toMatchObject({ failed: true })
    expect(await wx('request', { url: '/relative' })).toMatchObject({ failed: true, errno: 600009 })
    expect(await wx('request', { url: 'https://any.example/', timeout: 5 })).toMatchObject({
      errMsg: 'request:fail timeout',
    })
    await phone.setOnline(false)
    expect(await wx('request', { url: 'https://any.example/' })).toMatchObject({ failed: true, errno: 600001 })
    expect(await wx('getNetworkType')).toMatchObject({ networkType: 'none' })
  })

  test('sends ten at once and no more', async () => {
    await startPhone()
    most = 0
    phone
      .started()
      .realm.run(
        'got = 0; for (let i = 0; i < 23; i++) wx.request({ url: "https://any.example/", success() { got++ } })',
        'test',
      )
    await phone.settle()
    expect(phone.started().realm.run('got', 'test')).toBe(23)
    expect(most).toBe(10)
    expect(phone.journal.load).toEqual({ peak: 10, queued: 13 })
  })

  test('can be aborted', async () => {
    await startPhone()
    phone.started().realm.run('wx.request({ url: "https://any.example/", fail(r) { out = r.errMsg } }).abort()', 'test')
    await phone.settle()
    expect(phone.started().realm.run('out', 'test')).toBe('request:fail abort')
  })
})

describeWithWcc('storage', () => {
  test('outlives a restart and knows its limits', async () => {
    await startPhone()
    await wx('setStorage', { key: 'token', data: { a: [1, '茶'] } })
    expect(phone.started().realm.run('wx.getStorageSync("none")', 'test')).toBe('')
    expect(await wx('getStorage', { key: 'none' })).toMatchObject({ errMsg: 'getStorage:fail data not found' })
    expect(await wx('setStorage', { key: 'big', data: 'x'.repeat(1_100_000) })).toMatchObject({ failed: true })
    phone.close()
    await startPhone({ memory: phone.memory })
    expect(phone.started().realm.run('JSON.stringify(wx.getStorageSync("token"))', 'test')).toBe('{"a":[1,"茶"]}')
  })
})

describeWithWcc('WeChat’s sheets', () => {
  test('of subscribe messages open only to a finger', async () => {
    await startPhone({ holder: { allowsMessage: (id) => (id === 'T1' ? 'accept' : 'reject') } })
    expect(await wx('requestSubscribeMessage', { tmplIds: ['T1'] })).toMatchObject({ failed: true, errCode: 20026 })
    const sheet = 'wx.requestSubscribeMessage({ tmplIds: ["T1", "T2"], success(r) { out = r }, fail(r) { out = r } })'
    phone.page().logic.self.inner = phone.started().realm.run(`(function () { ${sheet} })`, 'test')
    await phone.tap('里')
    expect(phone.started().realm.run('out.T1 + out.T2', 'test')).toBe('acceptreject')
    const late = `(function () { wx.request({ url: "https://any.example/", success() { ${sheet} } }) })`
    phone.page().logic.self.inner = phone.started().realm.run(late, 'test')
    await phone.tap('里')
    expect(phone.started().realm.run('out.errCode', 'test')).toBe(20026)
  })

  test('hand over the pictures that the holder picks, and send one as a form with a task that tells how far it is', async () => {
    await startPhone({ holder: { pictures: () => [Buffer.from('one'), Buffer.from('two'), Buffer.from('three')] } })
    const { tempFiles } = (await wx('chooseMedia', { count: 2 })) as { tempFiles: { tempFilePath: string }[] }
    expect(tempFiles).toMatchObject([{ size: 3, fileType: 'image' }, { size: 3 }])
    const filePath = tempFiles[1]?.tempFilePath
    const sent = await wx('uploadFile', { url: 'https://any.example/up?status=413', filePath, name: 'file' })
    expect(sent).toMatchObject({ statusCode: 413, errMsg: 'uploadFile:ok' })
    const { body, type } = JSON.parse(sent.data as string) as { body: string; type: string }
    expect([type.startsWith('multipart/form-data; boundary='), body.includes('two'), body.includes('one')]).toEqual([
      true,
      true,
      false,
    ])
    expect(await wx('uploadFile', { url: 'https://any.example/up', filePath: 'x', name: 'file' })).toMatchObject({
      failed: true,
    })
    await startPhone()
    expect(await wx('chooseMedia')).toMatchObject({ failed: true, errMsg: 'chooseMedia:fail cancel' })
  })

  test('for place, scan and choice answer as the holder does', async () => {
    await startPhone({
      holder: { scans: () => '123456789012345678', picks: (items) => items.indexOf('乙'), confirms: () => false },
    })
    expect(await wx('getLocation')).toMatchObject({
      failed: true,
      errMsg: expect.stringContaining('requiredPrivateInfos'),
    })
    expect(await wx('scanCode')).toMatchObject({ result: '123456789012345678', scanType: 'CODE_128' })
    expect(await wx('showActionSheet', { itemList: ['甲', '乙'] })).toMatchObject({ tapIndex: 1 })
    expect(await wx('showModal', { title: '确定吗' })).toMatchObject({ confirm: false, cancel: true })
    expect(await wx('login')).toMatchObject({ failed: true })
    expect(phone.journal.deeds.map(({ name }) => name)).toEqual(['showActionSheet', 'showModal'])
  })

  test('answer by a promise to who brings no callbacks', async () => {
    await startPhone()
    phone.started().realm.run('wx.setScreenBrightness({ value: 1 }).then(r => { out = r.errMsg })', 'test')
    await phone.settle()
    expect(phone.started().realm.run('out', 'test')).toBe('setScreenBrightness:ok')
    expect(phone.device.brightness).toBe(1)
  })
})
