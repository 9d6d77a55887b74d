import type { ArticleBlock } from '@huiyuan/shared/article'
import { Text, View } from '@tarojs/components'

/** What an article says, part by part. All of it is text: nothing in it is ever taken for markup. */
export const ArticleBody = ({ blocks }: { blocks: ArticleBlock[] }) => (
  <View className="at-body">
    {blocks.map((block, n) => (
      <Part key={n} block={block} />
    ))}
  </View>
)

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
