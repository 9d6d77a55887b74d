import type { Page } from 'playwright-core'

const KEY_MS = 4

/**
 * A hand scanner: a keyboard that types fast and ends with Enter. Each key carries the moment at which a scanner would
 * have struck it, so that a till tells it from fingers however slow this machine is.
 */
export async function scan(page: Page, code: string): Promise<void> {
  const keyboard = await page.context().newCDPSession(page)
  const from = Date.now()
  const strike = (key: string, n: number) => {
    const [name, text, number] = key === 'Enter' ? ['Enter', '\r', 13] : [`Digit${key}`, key, key.charCodeAt(0)]
    const struck = { key, code: name, windowsVirtualKeyCode: number, timestamp: (from + n * KEY_MS) / 1_000 }
    return [
      keyboard.send('Input.dispatchKeyEvent', { type: 'keyDown', text, ...struck }),
      keyboard.send('Input.dispatchKeyEvent', { type: 'keyUp', ...struck }),
    ]
  }
  await Promise.all([...code, 'Enter'].flatMap(strike))
  await keyboard.detach()
}
