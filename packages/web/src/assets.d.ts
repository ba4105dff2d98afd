/** Styles are taken in by the bundler; importing them gives nothing. */
declare module '*.css';
