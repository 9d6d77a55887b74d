import { blocksOf, readingMinutes } from '@huiyuan/shared/article'
import { View } from '@tarojs/components'
import { Section } from '../../ui/blocks'
import { ArticleArt } from './art'
import { ArticleBody } from './body'
import type { DraftFields } from './draft-form'

/** How readers will see what is written so far. */
export const Preview = ({ fields: { title, summary, body, art } }: { fields: DraftFields }) => (
  <View id="preview">
    <Section title="预览" />
    <View className="at-look">
      <View className="at-read">
        <ArticleArt art={art} className="at-read__art" />
        <View className="at-read__title">{title.trim() || '标题'}</View>
        <View className="at-read__meta">{`约 ${readingMinutes(body)} 分钟读完`}</View>
        <View className="at-read__sum">{summary.trim() || '提要'}</View>
        <ArticleBody blocks={blocksOf(body)} />
      </View>
    </View>
  </View>
)
