import { View } from '@tarojs/components'
import { useState } from 'react'
import { copyText } from '../../lib/copy-text'
import { platform } from '../../lib/device'
import { Button } from '../../ui/button'
import { Sheet } from '../../ui/sheet'

/** Passing an article on: a card in WeChat, in a browser the address. It brings nothing by itself, so nothing is said of that here. */
export function PassOn({ path }: { path: string }) {
  const [shown, setShown] = useState<string | null>(null)
  const copy = async () => {
    const address = `${window.location.origin}${window.location.pathname}#/${path}`
    if (!(await copyText(address, '链接已复制，去发给朋友吧'))) setShown(address)
  }
  return (
    <View>
      <View className="hy-reach">
        <View className="hy-reach__in">
          {platform === 'weapp' ? (
            <Button id="pass-on" block label="发给朋友" open={{ openType: 'share' }}>
              发给朋友
            </Button>
          ) : (
            <Button id="pass-on" block label="发给朋友" onTap={() => void copy()}>
              发给朋友
            </Button>
          )}
        </View>
      </View>
      <View>
        <Sheet open={shown !== null} onClose={() => setShown(null)} title="复制链接发给朋友">
          <View className="at-link">{shown}</View>
          <View className="hy-caption hy-3 hy-mt2">浏览器不让自动复制，长按上面的链接就能复制。</View>
        </Sheet>
      </View>
    </View>
  )
}
