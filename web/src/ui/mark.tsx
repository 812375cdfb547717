/** The mark: a shield with a keyhole. */
export function Mark(props: { size: number }) {
  return (
    <svg width={props.size} height={props.size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--mantine-color-warden-7)" />
      <g fill="none" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" strokeLinejoin="round">
        <path d="M16 6.5l7.5 3v6c0 4.6-3 8.2-7.5 10-4.5-1.8-7.5-5.4-7.5-10v-6z" />
        <path d="M16 15v4.5" />
      </g>
      <circle cx="16" cy="14" r="2.5" fill="#fff" />
    </svg>
  );
}
