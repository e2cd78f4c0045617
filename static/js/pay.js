/* A page that waits (to be paid, or for the worker) asks whether it is still true: every 3 s for 3 minutes, then every 10 s, only while somebody looks. */
const { mark, state } = document.getElementById("main").dataset;
const began = Date.now();
let timer = 0;

const ask = async () => {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    const told = await (await fetch(state, { cache: "no-store" })).json();
    if (told.mark !== mark) {
      location.reload();
      return;
    }
  } catch { /* No network now; the next question comes soon. */ }
  timer = setTimeout(ask, Date.now() - began < 180_000 ? 3000 : 10_000);
};

document.addEventListener("visibilitychange", ask);
addEventListener("pageshow", ask);
