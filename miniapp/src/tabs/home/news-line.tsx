import { View } from '@tarojs/components'
import { useDidShow } from '@tarojs/taro'
import { useState } from 'react'
import type { RouterOutputs } from '../../lib/api'
import { go } from '../../lib/nav'
import { newsSeen } from '../../lib/news-seen'
import { Cell, Panel } from '../../ui/blocks'

/** The newest article in one line, until it was opened on this phone. */
export function NewsLine({ news }: { news: RouterOutputs['home']['show']['news'] }) {
  const [seen, setSeen] = useState(newsSeen)
  useDidShow(() => setSeen(newsSeen()))
  // an answer kept from before there was news has none
  if (!news || seen.includes(news.articleId)) return null
  return (
    <View className="hy-mt3">
      <Panel>
        <Cell
          id="news-open"
          icon="bowl"
          title={news.title}
          sub="新鲜事"
          onTap={() => go(`/pages/article/article?id=${news.articleId}`)}
        />
      </Panel>
    </View>
  )
}
