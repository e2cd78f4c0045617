/* Small helps on top of pages that already work: nothing here is needed to buy or to sell. */

const say = (element, words) => {
  const place = element.querySelector("span") || element;
  const before = place.textContent;
  place.textContent = words;
  setTimeout(() => { place.textContent = before; }, 2500);
};

/* Writes to the clipboard; older phones know only the selection way. */
const copy = async (text) => {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const box = document.createElement("textarea");
  box.value = text;
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  if (!done) throw new Error("copy refused");
};

for (const button of document.querySelectorAll("[data-copy], [data-print]")) button.hidden = false;

document.addEventListener("click", async (event) => {
  const target = event.target.closest("[data-copy], [data-share], [data-back], [data-print]");
  if (!target || event.ctrlKey || event.metaKey) return;

  if ("print" in target.dataset) {
    print();
    return;
  }

  if ("copy" in target.dataset) {
    await copy(target.dataset.copy).then(() => say(target, target.dataset.copied), () => {});
    return;
  }
  if ("share" in target.dataset) {
    event.preventDefault();
    const { share: title, shareText: text } = target.dataset;
    if (navigator.share) {
      await navigator.share({ title, text, url: target.href }).catch(() => {});
      return;
    }
    await copy(target.href).then(() => announce(target.dataset.copied), () => { location.href = target.href; });
    return;
  }
  /* Back in the history only when the visitor came from a page of ours, so that scroll and typed text return. */
  if (document.referrer.startsWith(location.origin + "/") && history.length > 1) {
    event.preventDefault();
    history.back();
  }
});

/* A short message in the place and shape of the toast, for things that happen without a page. */
function announce(words) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.setAttribute("role", "status");
  document.querySelector(".low").prepend(toast);
  toast.textContent = words;
  setTimeout(() => toast.remove(), 4000);
}

/* Undo stays ten seconds, longer while it holds the focus. */
for (const toast of document.querySelectorAll(".toast")) {
  const leave = () => (toast.matches(":focus-within, :hover") ? setTimeout(leave, 2000) : toast.remove());
  setTimeout(leave, 10000);
}

/* The second press of a button must not send the form twice. The button is disabled only after its name and value were taken. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.method === "get") return;
  form.dataset.sent = "1";
  const button = event.submitter;
  if (!button || !button.dataset.sending) return;
  setTimeout(() => {
    button.dataset.words = button.textContent.trim();
    (button.querySelector("span") || button).textContent = button.dataset.sending;
    button.classList.add("wait");
    button.disabled = true;
  });
});

/* Coming back through the history shows the page as it was left: open the form again. */
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) delete form.dataset.sent;
  for (const button of document.querySelectorAll("button.wait[data-words]")) {
    (button.querySelector("span") || button).textContent = button.dataset.words;
    button.classList.remove("wait");
    button.disabled = false;
  }
});

/* The count on the basket: pages that know it write it, cached pages only show it. */
const store = {
  read: () => { try { return localStorage.getItem("gio") || ""; } catch { return ""; } },
  write: (count) => { try { localStorage.setItem("gio", count); } catch { /* Private windows refuse. */ } },
};
const known = document.querySelector("[data-cart-count]");
if (known) store.write(known.dataset.cartCount);
const count = store.read();
if (Number(count) > 0) for (const badge of document.querySelectorAll("[data-cart-badge]")) badge.textContent = count;

/* Money: dots between thousands while typing, the caret stays behind the same digit. Words such as "35k" are left to the server. */
const dots = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ".");
const inWords = (digits, [million, thousand, dong, per]) => {
  // "35" is 35 thousand, as the server reads a price.
  const sum = Number(digits) * (Number(digits) < 1000 ? 1000 : 1);
  const parts = [[Math.floor(sum / 1e6), million], [Math.floor(sum / 1000) % 1000, thousand], [sum % 1000, ""]];
  const said = parts.filter(([count]) => count).map(([count, word]) => `${count} ${word}`.trim()).join(" ");
  return said ? `${said} ${dong} ${per}` : "";
};
document.addEventListener("input", (event) => {
  const box = event.target;
  if (!box.matches("[data-dong]") || /[^\d.,\s]/.test(box.value)) return;
  const spoken = box.dataset.words && document.getElementById("read-" + box.id);
  if (spoken) spoken.textContent = inWords(box.value.replace(/\D/g, ""), box.dataset.words.split("|"));
  const before = box.value.slice(0, box.selectionStart).replace(/\D/g, "").length;
  const digits = box.value.replace(/\D/g, "").replace(/^0+(?=\d)/, "");
  const shown = dots(digits);
  if (shown === box.value) return;
  box.value = shown;
  let caret = 0;
  for (let seen = 0; seen < before && caret < shown.length; caret += 1) if (shown[caret] !== ".") seen += 1;
  box.setSelectionRange(caret, caret);
});

/* A page that came back with mistakes starts at the list of them. */
document.getElementById("errors")?.focus();

/* The buying bar follows the amount chosen above it; for an amount typed freely the cart says the sum. */
const amounts = document.getElementById("buy");
const bar = { chosen: document.querySelector("[data-chosen]"), sum: document.querySelector("[data-sum]") };
if (amounts && bar.sum) {
  amounts.addEventListener("input", () => {
    const typed = amounts.elements.other.value.trim();
    const chip = amounts.querySelector("[name=quantity]:checked");
    const { unit, one } = amounts.dataset;
    const said = /\p{L}/u.test(typed) ? typed : `${typed} ${typed === "1" && one ? one : unit}`;
    bar.chosen.textContent = typed || !chip ? said : chip.dataset.amount;
    bar.sum.textContent = typed || !chip ? "" : chip.dataset.total;
  });
}
