export const isMac = typeof navigator !== "undefined" && /mac|iphone|ipad/i.test(navigator.userAgent);
export const modKey = isMac ? "⌘" : "Ctrl";
