import type { Page } from 'playwright-core';

/**
 * What makes a page wider than its window: each element that reaches beyond the right edge and is
 * not inside something that scrolls or cuts; empty where the page fits.
 */
export function tooWide(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const isCut = (element: Element | null): boolean => {
      if (element === null || element === document.body) return false;
      return getComputedStyle(element).overflowX !== 'visible' || isCut(element.parentElement);
    };
    return [...document.body.querySelectorAll('*')]
      .filter((element) => element.getBoundingClientRect().right > clientWidth)
      .filter((element) => !isCut(element.parentElement))
      .map((element) => {
        const right = Math.round(element.getBoundingClientRect().right);
        return `${element.tagName.toLowerCase()}.${element.className}: to ${right}`;
      });
  });
}
