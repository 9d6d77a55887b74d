import Taro from '@tarojs/taro'

export const platform: 'weapp' | 'h5' = process.env.TARO_ENV === 'h5' ? 'h5' : 'weapp'

/** Which of the brand's mini-programs this is; a browser is none. One person has another openid in each. */
export const ownAppid = (): { appid?: string } =>
  platform === 'weapp' ? { appid: Taro.getAccountInfoSync().miniProgram.appId } : {}

/** How this phone or browser is called in the list of signed-in places. */
export function deviceLabel(): string {
  if (platform === 'h5') return browserLabel(navigator.userAgent)
  const { brand = '', model = '' } = Taro.getDeviceInfo()
  return `${brand} ${model}`.trim().slice(0, 60) || '微信手机'
}

function browserLabel(agent: string): string {
  const place = /MicroMessenger/i.test(agent)
    ? '微信'
    : /Edg\//.test(agent)
      ? 'Edge'
      : /Chrome\//.test(agent)
        ? 'Chrome'
        : /Safari\//.test(agent)
          ? 'Safari'
          : '浏览器'
  const machine = /iPhone/.test(agent)
    ? 'iPhone'
    : /iPad/.test(agent)
      ? 'iPad'
      : /Android/.test(agent)
        ? '安卓手机'
        : /Mac/.test(agent)
          ? 'Mac'
          : /Windows/.test(agent)
            ? 'Windows'
            : '电脑'
  return `${machine} · ${place}`
}
