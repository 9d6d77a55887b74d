import { randomBytes } from 'node:crypto'
import { createListeners, type Listeners } from './listeners'
import type { Air } from './request'
import { type Answer, alive, asyncApi, type Ground, WxFailure } from './wx-call'

/** What the phone is and how it is held. */
export interface Device {
  theme: 'light' | 'dark'
  /** 0..1, as last set by the mini-program; -1 follows the system. */
  brightness: number
  keepsScreenOn: boolean
  clipboard: string
}

export const newDevice = (): Device => ({ theme: 'light', brightness: 0.5, keepsScreenOn: false, clipboard: '' })

const EVENTS = [
  'AppShow',
  'AppHide',
  'Error',
  'UnhandledRejection',
  'PageNotFound',
  'ThemeChange',
  'NetworkStatusChange',
  'UserCaptureScreen',
  'ScreenRecordingStateChanged',
  'KeyboardHeightChange',
  'WindowResize',
  'MemoryWarning',
  'NeedPrivacyAuthorization',
]

const SCREEN = {
  pixelRatio: 3,
  screenWidth: 390,
  screenHeight: 844,
  windowWidth: 390,
  windowHeight: 753,
  statusBarHeight: 47,
  screenTop: 91,
  safeArea: { left: 0, right: 390, top: 47, bottom: 810, width: 390, height: 763 },
}
const MODEL = {
  brand: 'iPhone',
  model: 'iPhone 14',
  platform: 'ios',
  system: 'iOS 16.0',
  benchmarkLevel: -1,
  abi: 'arm64',
}
const BASE = { SDKVersion: '3.7.0', version: '8.0.50', language: 'zh_CN', host: { env: 'WeChat' }, enableDebug: false }
const SETTING = { bluetoothEnabled: false, locationEnabled: true, wifiEnabled: true, deviceOrientation: 'portrait' }
const CAPSULE = { top: 51, left: 296, right: 383, bottom: 83, width: 87, height: 32 }

/** The wx calls about the phone itself: what it is, its screen, network, clipboard and random numbers. */
export function deviceApis(
  ground: Ground,
  device: Device,
  air: Air,
): { apis: Record<string, unknown>; listeners: Listeners } {
  const { realm } = ground
  const listeners = createListeners(realm, EVENTS)
  const baseInfo = () => ({ ...BASE, theme: device.theme, fontSizeSetting: 16, fontSizeScaleFactor: 1 })
  const systemInfo = () => ({ ...SCREEN, ...MODEL, ...SETTING, ...baseInfo() })
  const sync = (answer: () => Answer) => () => realm.value(answer())
  const network = () => ({ networkType: air.online ? 'wifi' : 'none', hasSystemProxy: false, weakNet: false })
  const apis: Record<string, unknown> = {
    ...listeners.apis,
    getSystemInfoSync: sync(systemInfo),
    getSystemInfo: asyncApi(ground, 'getSystemInfo', systemInfo),
    getSystemInfoAsync: asyncApi(ground, 'getSystemInfoAsync', systemInfo),
    getWindowInfo: sync(() => SCREEN),
    getDeviceInfo: sync(() => MODEL),
    getAppBaseInfo: sync(baseInfo),
    getSystemSetting: sync(() => SETTING),
    getAppAuthorizeSetting: sync(() => ({ cameraAuthorized: 'authorized', locationAuthorized: 'authorized' })),
    getMenuButtonBoundingClientRect: sync(() => CAPSULE),
    getNetworkType: asyncApi(ground, 'getNetworkType', network),
    getBatteryInfoSync: sync(() => ({ level: 80, isCharging: false })),
    ...screenLight(ground, device),
    setClipboardData: asyncApi(ground, 'setClipboardData', ({ data }) => {
      device.clipboard = String(data)
    }),
    getClipboardData: asyncApi(ground, 'getClipboardData', () => ({ data: device.clipboard })),
    getRandomValues: asyncApi(ground, 'getRandomValues', ({ length }) => {
      if (!Number.isInteger(length) || Number(length) < 1 || Number(length) > 1048576) {
        throw new WxFailure('invalid length')
      }
      return { randomValues: alive(realm.buffer(randomBytes(Number(length)))) }
    }),
    arrayBufferToBase64: (buffer: ArrayBuffer) => Buffer.from(new Uint8Array(buffer)).toString('base64'),
    base64ToArrayBuffer: (text: string) => realm.buffer(Buffer.from(text, 'base64')),
  }
  return { apis, listeners }
}

function screenLight(ground: Ground, device: Device): Record<string, unknown> {
  const { journal } = ground
  return {
    setScreenBrightness: asyncApi(ground, 'setScreenBrightness', ({ value }) => {
      if (typeof value !== 'number' || value > 1 || (value < 0 && value !== -1)) throw new WxFailure('invalid value')
      device.brightness = value
      journal.deeds.push({ name: 'setScreenBrightness', asked: { value } })
    }),
    getScreenBrightness: asyncApi(ground, 'getScreenBrightness', () => ({ value: device.brightness })),
    setKeepScreenOn: asyncApi(ground, 'setKeepScreenOn', ({ keepScreenOn }) => {
      device.keepsScreenOn = keepScreenOn === true
      journal.deeds.push({ name: 'setKeepScreenOn', asked: { keepScreenOn } })
    }),
    setVisualEffectOnCapture: asyncApi(ground, 'setVisualEffectOnCapture', ({ visualEffect }) => {
      journal.deeds.push({ name: 'setVisualEffectOnCapture', asked: { visualEffect } })
    }),
  }
}
