import { yuanText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { Later } from '../../ui/later'
import { Sheet } from '../../ui/sheet'
import type { Article } from './menu-words'
import './reviews.css'
import { Reviews } from './reviews'

interface SheetWish {
  article: Article | null
  member: boolean
  onClose: () => void
}

/** One article by itself, and what those say who have drunk it. */
export const ArticleSheet = ({ article, member, onClose }: SheetWish) => (
  <Sheet open={article !== null} onClose={onClose} title={article?.title ?? ''}>
    {article && (
      <View id="article">
        <View className={`rv-stage hy-stage--${article.art} hy-art--${article.art}`} />
        <View className="rv-what">
          <Text className="hy-2">{article.subtitle}</Text>
          <Text className="hy-bold hy-num">{yuanText(article.priceFen)}</Text>
        </View>
        <View>
          <Later>
            <Reviews key={article.sku} sku={article.sku} member={member} />
          </Later>
        </View>
      </View>
    )}
  </Sheet>
)
