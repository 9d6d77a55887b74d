import type { Holder } from './holder'
import type { Program } from './program'
import { type Asked, asyncApi, type Ground, WxFailure } from './wx-call'

/** Whether the person touched the screen just now: WeChat opens some sheets only then. */
export interface Gesture {
  readonly fresh: boolean
}

const MESSAGES_AT_ONCE = 5

/** The wx calls that ask WeChat or the person: sign-in, permissions, subscribe messages, camera, place. */
export function accountApis(ground: Ground, program: Program, holder: Holder, gesture: Gesture, appid: string) {
  const { journal, realm } = ground
  return {
    login: asyncApi(ground, 'login', () => {
      const code = holder.loginCode()
      if (!code) throw new WxFailure('network error', { errno: 600001 })
      return { code }
    }),
    checkSession: asyncApi(ground, 'checkSession', () => {}),
    getAccountInfoSync: () => realm.value({ miniProgram: { appId: appid, envVersion: 'develop', version: '' } }),
    requestSubscribeMessage: asyncApi(ground, 'requestSubscribeMessage', ({ tmplIds }) => {
      journal.deeds.push({ name: 'requestSubscribeMessage', asked: { tmplIds } })
      if (!gesture.fresh) throw new WxFailure('can only be invoked by user TAP gesture.', { errCode: 20026 })
      if (!Array.isArray(tmplIds) || tmplIds.length === 0)
        throw new WxFailure('TmplIds cannot be empty', { errCode: 10001 })
      if (tmplIds.length > MESSAGES_AT_ONCE) throw new WxFailure('Template count out of max bounds', { errCode: 20003 })
      return Object.fromEntries(tmplIds.map((id: unknown) => [String(id), holder.allowsMessage(String(id))]))
    }),
    scanCode: asyncApi(ground, 'scanCode', () => {
      const result = holder.scans()
      if (result === null) throw new WxFailure('cancel')
      const scanType = /^\d+$/.test(result) ? 'CODE_128' : 'QR_CODE'
      return { result, scanType, charSet: 'UTF-8', path: '', rawData: Buffer.from(result).toString('base64') }
    }),
    getSetting: asyncApi(ground, 'getSetting', () => ({ authSetting: {} })),
    openSetting: asyncApi(ground, 'openSetting', () => {
      const scope = 'scope.writePhotosAlbum'
      return { authSetting: { [scope]: holder.grants(scope) } }
    }),
    authorize: asyncApi(ground, 'authorize', ({ scope }) => {
      if (!holder.grants(String(scope))) throw new WxFailure('auth deny')
    }),
    getPrivacySetting: asyncApi(ground, 'getPrivacySetting', () => ({
      needAuthorization: false,
      privacyContractName: '',
    })),
    requirePrivacyAuthorize: asyncApi(ground, 'requirePrivacyAuthorize', () => {}),
    ...placeApis(ground, program, holder),
  }
}

function placeApis(ground: Ground, program: Program, holder: Holder): Record<string, unknown> {
  const locate = (name: string) => (_asked: Asked) => {
    if (!program.app.requiredPrivateInfos?.includes(name)) {
      throw new WxFailure('the api need to be declared in the requiredPrivateInfos field in app.json/ext.json')
    }
    const place = holder.location()
    if (!place) throw new WxFailure('auth deny')
    return { ...place, accuracy: 30, speed: -1, altitude: 0, verticalAccuracy: 0, horizontalAccuracy: 30 }
  }
  return {
    getLocation: asyncApi(ground, 'getLocation', locate('getLocation')),
    getFuzzyLocation: asyncApi(ground, 'getFuzzyLocation', locate('getFuzzyLocation')),
  }
}
