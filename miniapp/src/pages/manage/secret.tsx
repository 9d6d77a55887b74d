import { View } from '@tarojs/components'
import { useState } from 'react'
import { copyText } from '../../lib/copy-text'
import { Button } from '../../ui/button'

/** A secret that nobody will ever show again. */
export function Secret({ secret, words, onDone }: { secret: string | null; words: string; onDone: () => void }) {
  const [copied, setCopied] = useState(false)
  if (secret === null)
    return (
      <View id="secret-gone">
        <View className="hy-2">这一串已经显示过了，现在看不到。请停用它，再建一个新的。</View>
        <View className="hy-dock">
          <Button id="secret-done" block onTap={onDone}>
            好的
          </Button>
        </View>
      </View>
    )
  return (
    <View id="secret">
      <View className="hy-2">{words}</View>
      <View className="mn-secret">{secret}</View>
      <View className="hy-caption mn-warn">只显示这一次，关掉以后谁也看不到。</View>
      <View className="hy-dock">
        <Button
          id="secret-copy"
          block
          kind={copied ? 'secondary' : 'primary'}
          onTap={() => void copyText(secret, '已复制').then((done) => done && setCopied(true))}
        >
          {copied ? '再复制一次' : '复制'}
        </Button>
        <Button id="secret-done" block kind={copied ? 'primary' : 'ghost'} onTap={onDone}>
          我存好了
        </Button>
      </View>
    </View>
  )
}
