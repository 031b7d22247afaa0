/** The looks of the landing page, for light and dark; colours hold WCAG AA in both. */
export const LANDING_STYLE = `:root {
  color-scheme: light dark;
  --paper: light-dark(#f6f4ef, #14171a);
  --card: light-dark(#ffffff, #1d2226);
  --ink: light-dark(#1f2428, #e8e6e1);
  --quiet: light-dark(#57606a, #a3abb2);
  --line: light-dark(#dedad1, #333a40);
  --accent: light-dark(#1b6e4a, #6fcf9f);
  --second: light-dark(#a4531a, #f0a868);
  --on-accent: light-dark(#ffffff, #0d1f16);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 3rem 1.25rem; max-width: 60rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif;
}
h1 { margin: 0 0 .5rem; font-size: 2.25rem; line-height: 1.1; letter-spacing: -.02em; }
h2 { margin: 0 0 .25rem; font-size: 1.1rem; }
header p { max-width: 40rem; color: var(--quiet); }
section p { margin: .25rem 0 .75rem; }
nav { display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; align-items: center; margin: 1.25rem 0 2rem; }
a { color: var(--accent); }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1rem; }
section { padding: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; min-width: 0; }
.wide { grid-column: 1 / -1; }
button, .button {
  padding: .5rem 1rem; border: 0; border-radius: .5rem; cursor: pointer;
  background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; text-decoration: none;
}
button:disabled { opacity: .6; cursor: progress; }
:focus-visible { outline: 3px solid var(--second); outline-offset: 2px; }
form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
label { flex-basis: 100%; color: var(--quiet); font-size: .9rem; }
input {
  flex: 1; min-width: 0; padding: .5rem .75rem; font: inherit; color: inherit;
  background: var(--paper); border: 1px solid var(--quiet); border-radius: .5rem;
}
pre { margin: 0; padding: .75rem 1rem; overflow-x: auto; background: var(--paper); border-radius: .5rem; font-size: .85rem; }
code { font-family: ui-monospace, monospace; }
.bar { display: flex; height: .75rem; margin: 1rem 0 .5rem; overflow: hidden; border-radius: 1rem; background: var(--line); }
.bar span { width: 0; transition: width .2s; }
#bar-v1 { background: var(--accent); }
#bar-v2 { background: var(--second); }
.result { color: var(--quiet); font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
footer { margin-top: 2rem; color: var(--quiet); font-size: .9rem; }
@media (prefers-reduced-motion: reduce) { .bar span { transition: none; } }
`
