import { View } from '@tarojs/components'
import { useState } from 'react'
import { platform } from '../../lib/device'
import { go } from '../../lib/nav'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { copyLink, linkOfPath } from './copy-link'
import { LinksSheet } from './links-sheet'

/** The ways to ask a friend, always within reach of the thumb. What they bring is said elsewhere: sending brings nothing. */
export function SendDock({ sharePath }: { sharePath: string }) {
  const [open, setOpen] = useState(false)
  return (
    <View>
      <View className="hy-reach">
        <View className="hy-reach__in rf-send">
          <Button id="links-open" kind="line" label="更多方式" onTap={() => setOpen(true)}>
            更多
          </Button>
          <Button id="poster-open" kind="secondary" onTap={() => go('/pages/referral/poster')}>
            做张海报
          </Button>
          <SendButton sharePath={sharePath} />
        </View>
      </View>
      <View>
        <LinksSheet open={open} onClose={() => setOpen(false)} />
      </View>
    </View>
  )
}

/** Sends a card in WeChat; in a browser the link is copied. */
export function SendButton({ sharePath, icon }: { sharePath: string; icon?: boolean }) {
  const [link, setLink] = useState<string | null>(null)
  const words = icon ? (
    <>
      <Icon name="share" size="m" />
      <View className="rf-icon-words">发给朋友</View>
    </>
  ) : (
    '发给朋友'
  )
  if (platform === 'weapp')
    return (
      <Button id="send" label="发给朋友" open={{ openType: 'share' }}>
        {words}
      </Button>
    )
  const send = async () => {
    const url = linkOfPath(sharePath)
    if (!(await copyLink(url))) setLink(url)
  }
  return (
    <>
      <Button id="send" label="发给朋友" onTap={() => void send()}>
        {words}
      </Button>
      <Sheet open={link !== null} onClose={() => setLink(null)} title="复制链接发给朋友">
        <View className="rf-link">{link}</View>
        <View className="hy-caption hy-3 hy-mt2">浏览器不让自动复制，长按上面的链接就能复制。</View>
      </Sheet>
    </>
  )
}
