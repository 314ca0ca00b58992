// Before the first paint: a person who wished for dark must not see light flash by. A file of its
// own, because the page's policy allows no inline script.
try {
  const theme = localStorage.getItem("nadi.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  if (/^\/wall(\/|$)/.test(location.pathname)) document.documentElement.dataset.theme = "wall";
  if (localStorage.getItem("nadi.language") === "en") document.documentElement.lang = "en";
} catch {
  // Storage is forbidden: the system's theme and Indonesian it is.
}
