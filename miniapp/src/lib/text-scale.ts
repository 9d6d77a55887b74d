import Taro from '@tarojs/taro'

const STANDARD = 16

/** How much larger than standard the person set words, in WeChat or in the browser: 1 to 1.4. */
export const textScale = Math.max(1, Math.min(1.4, textSize() / STANDARD))

/** As the attributes of an element whose words scale; nothing when they need not. */
export const scaled = textScale === 1 ? {} : { style: { '--text': textScale } as Record<string, number> }

function textSize(): number {
  if (process.env.TARO_ENV === 'h5') return Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
  try {
    const { fontSizeSetting = STANDARD } = Taro.getAppBaseInfo() as { fontSizeSetting?: number }
    return fontSizeSetting
  } catch {
    return STANDARD
  }
}
