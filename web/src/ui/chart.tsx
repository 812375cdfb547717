import { useElementSize } from "@mantine/hooks";
import { useState, type PointerEvent } from "react";
import css from "./chart.module.css";
import { scaleOf } from "./scale";

export interface Point {
  name: string;
  value: number;
  /** Of the same length of time before, drawn as a dashed line. */
  before?: number | undefined;
}

const LEFT = 52;
const BOTTOM = 22;
const LABEL_ROOM = 64;

/**
 * Bars over time, drawn by ourselves: a library of charts would be as large as the rest of the page.
 * A screen reader gets the same as a table.
 */
export function Chart(props: {
  label: string;
  points: Point[];
  format: (value: number) => string;
  height?: number;
}) {
  const { points, format, height = 220 } = props;
  const { ref, width } = useElementSize();
  const [at, setAt] = useState<number | null>(null);
  const scale = scaleOf(Math.max(0, ...points.map((one) => Math.max(one.value, one.before ?? 0))));
  const room = Math.max(0, width - LEFT);
  const step = points.length > 0 ? room / points.length : 0;
  const base = height - BOTTOM;
  const y = (value: number) => base - (value / scale.top) * (base - 8);
  const every = Math.max(1, Math.ceil(LABEL_ROOM / Math.max(step, 1)));
  const shown = at === null ? undefined : points[at];

  const onPointerMove = (event: PointerEvent<SVGSVGElement>) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT;
    setAt(x >= 0 && step > 0 ? Math.min(points.length - 1, Math.floor(x / step)) : null);
  };
  const line = points
    .map((one, index) => `${index ? "L" : "M"}${LEFT + step * (index + 0.5)} ${y(one.before ?? 0)}`)
    .join("");
  return (
    <figure className={css.chart} style={{ margin: 0, minHeight: height }} ref={ref}>
      {width > 0 && (
        <svg
          height={height}
          aria-hidden="true"
          onPointerMove={onPointerMove}
          onPointerLeave={() => setAt(null)}
        >
          {scale.ticks.map((tick) => (
            <g key={tick}>
              <line className={css.grid} x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} />
              <text className={css.axis} x={LEFT - 8} y={y(tick) + 4} textAnchor="end">
                {format(tick)}
              </text>
            </g>
          ))}
          {points.map((one, index) => {
            const top = one.value > 0 ? Math.min(y(one.value), base - 2) : base;
            return (
              <rect
                key={index}
                className={css.bar}
                data-at={index === at}
                x={LEFT + step * index + step * 0.14}
                y={top}
                width={step * 0.72}
                height={base - top}
                rx={Math.min(3, step * 0.2)}
              />
            );
          })}
          {points.some((one) => one.before !== undefined) && (
            <path className={css.before} d={line} />
          )}
          {points.map(
            (one, index) =>
              index % every === 0 && (
                <text
                  key={index}
                  className={css.axis}
                  x={LEFT + step * (index + 0.5)}
                  y={height - 4}
                  textAnchor="middle"
                >
                  {one.name}
                </text>
              ),
          )}
        </svg>
      )}
      {shown && at !== null && (
        <div
          className={css.tip}
          style={{
            left: LEFT + step * (at + 0.5),
            transform: `translateX(${at > points.length / 2 ? "calc(-100% - 8px)" : "8px"})`,
          }}
        >
          {shown.name}
          <b>{format(shown.value)}</b>
          {shown.before !== undefined && format(shown.before)}
        </div>
      )}
      <div className="kw-hidden">
        <table>
          <caption>{props.label}</caption>
          <tbody>
            {points.map((one, index) => (
              <tr key={index}>
                <th scope="row">{one.name}</th>
                <td>{format(one.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
