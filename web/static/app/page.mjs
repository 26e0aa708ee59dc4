// What every page does: open the dialog, close an open menu, and keep the map's position when the language changes.

for (const button of document.querySelectorAll("[data-open]")) {
  button.addEventListener("click", () => document.getElementById(button.dataset.open).showModal());
}

const menus = document.querySelectorAll("details.menu");
document.addEventListener("click", (event) => {
  for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of menus) menu.open = false;
});

for (const link of document.querySelectorAll("[data-keep-hash]")) {
  link.addEventListener("click", () => {
    const address = new URL(link.href);
    address.hash = location.hash;
    link.href = address.href;
  });
}
