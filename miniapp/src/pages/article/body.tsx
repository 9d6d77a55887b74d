import type { ArticleBlock } from '@huiyuan/shared/article'
import { Text, View } from '@tarojs/components'
import { useGrowing } from '../../lib/growing'

/** More lines than an article can have. */
const MOST = 4_000

/** What an article says, part by part. All of it is text: nothing in it is ever taken for markup. */
export function ArticleBody({ blocks }: { blocks: ArticleBlock[] }) {
  const { shown } = useGrowing(blocks, 4, MOST)
  return (
    <View className="at-body">
      {shown.map((block, n) => (
        <Part key={n} block={block} />
      ))}
    </View>
  )
}

function Part({ block }: { block: ArticleBlock }) {
  switch (block.kind) {
    case 'heading':
      return <View className="at-body__head">{block.text}</View>
    case 'list':
      return (
        <View className="at-body__list">
          {block.items.map((item, n) => (
            <View key={n} className="at-body__item">
              <Text>{item}</Text>
            </View>
          ))}
        </View>
      )
    default:
      return <View className="at-body__text">{block.text}</View>
  }
}
