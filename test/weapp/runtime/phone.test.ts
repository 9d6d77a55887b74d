import { describeWithWcc } from '../wcc.fixture'
import { createPhone, type Phone, type PhoneOptions } from './phone'
import { writeProgram } from './plain-program.fixture'
import { packageSizes, readProgram } from './program'
import { checkWxss, compileWxml } from './view-layer'
import { inventedNames } from './wx'

const ABSENT =
  'fetch Headers Request Response AbortController AbortSignal URL URLSearchParams TextEncoder TextDecoder FormData Blob ' +
  'File XMLHttpRequest WebSocket window document navigator location localStorage queueMicrotask requestAnimationFrame ' +
  'performance structuredClone atob btoa crypto Buffer process setImmediate Intl WebAssembly require module'

const dist = writeProgram()
let phone: Phone

async function startPhone(options: Partial<PhoneOptions> = {}): Promise<Phone> {
  phone = createPhone({ dist, ...options })
  await phone.start()
  return phone
}
const run = <T>(source: string): T => phone.started().realm.run(source, 'test') as T
const trace = () => run<string>('JSON.stringify(getApp().trace.splice(0))')

afterEach(() => phone?.close())

describeWithWcc('the logic layer', () => {
  test('has the language and WeChat, and nothing of a browser or of node', async () => {
    await startPhone()
    const there = ABSENT.split(' ').filter((name) => run<string>(`typeof ${name}`) !== 'undefined')
    expect(there).toEqual([])
    expect(run('typeof wx + typeof Promise + typeof setTimeout + typeof getCurrentPages')).toBe(
      'objectfunctionfunctionfunction',
    )
    expect(inventedNames(run('wx'))).toEqual([])
  })

  test('makes no code from strings, but finds its global object as libraries do', async () => {
    await startPhone()
    expect(run('new Function("return 1")()')).toBeUndefined()
    expect(run('eval("1")')).toBeUndefined()
    expect(run('Function("return this")() === globalThis && (() => {}) instanceof Function')).toBe(true)
    expect(run('(function () {}).constructor === Function')).toBe(true)
  })

  test('hands over objects of its own world', async () => {
    await startPhone()
    expect(run('wx.getWindowInfo().constructor === Object')).toBe(true)
    expect(run('getCurrentPages() instanceof Array')).toBe(true)
  })

  test('can be given a wrong clock and an older language', async () => {
    await startPhone({ clockOffsetMs: 7_200_000, lacking: ['BigInt'] })
    expect(run<number>('Date.now()') - Date.now()).toBeGreaterThan(7_190_000)
    expect(run('Math.abs(new Date().getTime() - Date.now()) < 1000 && new Date(5).getTime() === 5')).toBe(true)
    expect(run('new Date() instanceof Date && typeof BigInt')).toBe('undefined')
  })

  test('lets a subpackage have its own and the common scripts, not those of another', async () => {
    await startPhone()
    await phone.visit('/shop/index')
    await phone.visit('/staff/index')
    expect(run('getApp().shop')).toBe('goods+common')
    expect(run('getApp().refused')).toContain("module 'shop/goods.js' is not defined")
    expect(Object.keys(packageSizes(readProgram(dist)).packages)).toEqual(['', 'shop', 'staff'])
  })

  test('notes what is thrown and what it cannot do, and tells the app', async () => {
    await startPhone()
    trace()
    await phone.tap('坏')
    run('wx.getWeRunData({ fail() {} })')
    run('wx.getSystemInfoSync()')
    expect(phone.complaints()).toEqual([
      expect.stringContaining('boom'),
      'wx.getWeRunData is not on this phone',
      'wx.getSystemInfoSync is deprecated',
    ])
    expect(trace()).toBe('["error"]')
    expect(run('typeof wx.noSuchThing')).toBe('undefined')
  })
})

describeWithWcc('the pages', () => {
  test('live in WeChat’s order', async () => {
    await startPhone()
    expect(trace()).toBe('["launch home/index","home onLoad","home onShow","counter attached","home onReady"]')
    await phone.visit('/list/index')
    expect(trace()).toBe('["home onHide","list onLoad","list onShow","list onReady"]')
    await phone.switchTab('tab/index')
    expect(trace()).toBe('["list onUnload","tab onLoad","tab onShow","tab onReady"]')
    await phone.switchTab('home/index')
    expect(trace()).toBe('["tab onHide","home onShow"]')
    await phone.switchTab('tab/index')
    expect(trace()).toBe('["home onHide","tab onShow"]')
  })

  test('stack no higher than ten, and know where they may not go', async () => {
    await startPhone()
    for (let i = 0; i < 9; i += 1) await phone.visit('/list/index?n=%E4%B8%80')
    expect(phone.page().query).toEqual({ n: '%E4%B8%80' })
    await expect(phone.visit('/list/index')).rejects.toThrow('webview count limit exceed')
    await expect(phone.visit('/tab/index')).rejects.toThrow('can not navigateTo a tabbar page')
    await expect(phone.visit('/gone/index')).rejects.toThrow('page "gone/index" is not found')
    expect(phone.complaints()).toHaveLength(2)
    await phone.back()
    expect(phone.pages()).toHaveLength(9)
  })

  test('can be started by a link and shared', async () => {
    await startPhone()
    await phone.start({ path: 'home/index', query: { from: 'poster' }, scene: 1047 })
    expect(phone.page().logic.self.query).toEqual({ from: 'poster' })
    expect(run('wx.getLaunchOptionsSync().scene')).toBe(1047)
    expect(phone.share()).toEqual({ title: '一盏', path: '/home/index?from=friend' })
    await phone.visit('/list/index')
    expect(phone.share()).toBeNull()
  })
})

describeWithWcc('a finger', () => {
  test('is felt by what is bound, upwards, until something catches it', async () => {
    await startPhone()
    await phone.tap('里')
    expect(phone.get('#taps').children[0]?.text).toBe('io')
    const led = await phone.tap('#stop')
    expect(phone.text()).toContain('ioi')
    expect(led).toEqual([{ page: 'home/index', nth: expect.any(Number), bytes: 14, keys: ['taps'] }])
    await expect(phone.tap('#off')).rejects.toThrow('disabled')
    await expect(phone.tap('#taps')).rejects.toThrow('nothing listens')
    await expect(phone.tap('看不见')).rejects.toThrow('no 看不见 on home/index')
  })

  test('works WeChat’s controls', async () => {
    await startPhone({ holder: { phoneCode: () => 'code-of-phone' } })
    await phone.tap('同意')
    expect(phone.text()).toContain('["yes"]')
    await phone.type('#name', '一二三四五')
    await phone.tap('交')
    expect(phone.text()).toContain('{"name":"一二三四"}')
    await phone.tap('手机')
    expect(phone.text()).toContain('code-of-phone')
    phone.holder.phoneCode = () => null
    await phone.tap('手机')
    expect(phone.text()).toContain('user deny')
  })

  test('reaches into components, which keep what they set themselves', async () => {
    await startPhone()
    expect(phone.text()).toContain('1 次')
    await phone.tap('#more')
    await phone.tap('里')
    expect(phone.text()).toContain('2 次')
  })

  test('sees data written to paths', async () => {
    await startPhone()
    await phone.tap('改')
    expect(phone.text()).toContain('7空9')
    expect(phone.complaints()).toEqual([])
  })
})

describeWithWcc('the WXML', () => {
  test('is refused by WeChat’s compiler when it is broken', () => {
    const broken = writeProgram({ 'list/index.wxml': '<view><text>清单</view>' })
    expect(() => compileWxml(readProgram(broken))).toThrow(/list\/index\.wxml/)
  })

  test('and so are its styles', () => {
    const program = readProgram(
      writeProgram({ 'app.wxss': '.a { color: red; }}', 'home/index.wxss': 'page { color: red }' }),
    )
    expect(() => checkWxss(program, ['app.wxss'])).toThrow(/app\.wxss/)
    expect(() => checkWxss(program, ['home/index.wxss'])).not.toThrow()
  })
})
