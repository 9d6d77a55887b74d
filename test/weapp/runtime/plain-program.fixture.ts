import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Writes a small mini-program in WeChat's own language, without any framework; `more` adds or replaces files. */
export function writeProgram(more: Record<string, string> = {}): string {
  const dist = mkdtempSync(join(tmpdir(), 'huiyuan-weapp-'))
  for (const [path, text] of Object.entries({ ...FILES, ...more })) {
    mkdirSync(dirname(join(dist, path)), { recursive: true })
    writeFileSync(join(dist, path), text)
  }
  return dist
}

const APP = {
  pages: ['home/index', 'list/index', 'tab/index'],
  subPackages: [
    { root: 'shop', pages: ['index'] },
    { root: 'staff', pages: ['index'] },
  ],
  tabBar: {
    list: [
      { pagePath: 'home/index', text: '首页' },
      { pagePath: 'tab/index', text: '我的' },
    ],
  },
  lazyCodeLoading: 'requiredComponents',
}

const trace = (name: string) => `Page({
  data: {},
  ${['onLoad', 'onShow', 'onReady', 'onHide', 'onUnload'].map((step) => `${step}(q) { getApp().trace.push('${name} ${step}') },`).join('\n')}
})`

const HOME = `Page({
  data: { taps: '', off: true, count: 0, chosen: '', sent: '', phone: '', deep: { list: [{ n: 1 }] } },
  onLoad(query) { getApp().trace.push('home onLoad'); this.query = query },
  onShow() { getApp().trace.push('home onShow') },
  onReady() { getApp().trace.push('home onReady') },
  onHide() { getApp().trace.push('home onHide') },
  inner() { this.setData({ taps: this.data.taps + 'i' }) },
  outer() { this.setData({ taps: this.data.taps + 'o' }) },
  patch() { this.setData({ 'deep.list[0].n': 7, 'deep.list[2].n': 9 }) },
  chosen(event) { this.setData({ chosen: JSON.stringify(event.detail.value) }) },
  sent(event) { this.setData({ sent: JSON.stringify(event.detail.value) }) },
  phoned(event) { this.setData({ phone: event.detail.code || event.detail.errMsg }) },
  bad() { throw new TypeError('boom') },
  onShareAppMessage() { return { title: '一盏', path: '/home/index?from=friend' } },
})`

const HOME_WXML = `
<view id="outer" bindtap="outer" data-kind="box"><button id="inner" bindtap="inner">里</button><button id="stop" catchtap="inner">停</button></view>
<text id="taps">{{taps}}</text>
<button id="off" disabled="{{off}}" bindtap="inner">关</button>
<view hidden><text>看不见</text></view>
<button id="patch" bindtap="patch">改</button><text wx:for="{{deep.list}}" wx:key="n">{{item.n || '空'}}</text>
<checkbox-group bindchange="chosen"><label id="agree"><checkbox value="yes" />同意</label></checkbox-group><text>{{chosen}}</text>
<form bindsubmit="sent"><input id="name" name="name" maxlength="4" /><button id="send" form-type="submit">交</button></form><text>{{sent}}</text>
<button id="phone" open-type="getPhoneNumber" bindgetphonenumber="phoned">手机</button><text>{{phone}}</text>
<button id="bad" bindtap="bad">坏</button>
<counter id="counter" start="{{count}}" />`

const COUNTER = `Component({
  properties: { start: { type: Number, value: 3 } },
  data: { n: 0 },
  lifetimes: { attached() { getApp().trace.push('counter attached'); this.setData({ n: this.data.start + 1 }) } },
  methods: { more() { this.setData({ n: this.data.n + 1 }) } },
})`

const FILES: Record<string, string> = {
  'app.json': JSON.stringify(APP),
  'app.js':
    'App({ trace: [], onLaunch(o) { this.trace.push("launch " + o.path) }, onError(e) { this.trace.push("error") } })',
  'common.js': 'module.exports = { name: "common" }',
  'home/index.js': HOME,
  'home/index.wxml': HOME_WXML,
  'home/index.json': JSON.stringify({ usingComponents: { counter: '../counter/index' } }),
  'counter/index.js': COUNTER,
  'counter/index.wxml': '<view id="more" bindtap="more">{{n}} 次</view>',
  'counter/index.json': JSON.stringify({ component: true }),
  'list/index.js': trace('list'),
  'list/index.wxml': '<view>清单</view>',
  'tab/index.js': trace('tab'),
  'tab/index.wxml': '<view>我的</view>',
  'shop/index.js': 'getApp().shop = require("./goods").name + require("../common").name; Page({ data: {} })',
  'shop/goods.js': 'exports.name = "goods+"',
  'shop/index.wxml': '<view>商店</view>',
  'staff/index.js': 'try { require("../shop/goods") } catch (e) { getApp().refused = e.message }; Page({ data: {} })',
  'staff/index.wxml': '<view>店员</view>',
}
