/* The same form once more, now with its token; this file is only on pages whose form certainly was ours. */
document.getElementById("repeat").requestSubmit();
