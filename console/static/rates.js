// Draws how many alerts there were in each of the last minutes.
import uPlot from "./vendor/uPlot.esm.js";

const HEIGHT = 120;
let chart;

function clock(seconds) {
  return new Date(seconds * 1000).toISOString().slice(11, 16);
}

function width(place) {
  return Math.max(240, Math.floor(place.getBoundingClientRect().width));
}

export async function showRates() {
  const place = document.getElementById("rates");
  if (!place) return;
  const answer = await fetch("/rates", { headers: { "X-Region": "rates" }, redirect: "error" });
  if (!answer.ok) return;
  const data = await answer.json();
  if (chart) return chart.setData(data);
  const axis = { stroke: "#b9c4d6", grid: { stroke: "#2a3547" }, font: "14px system-ui" };
  chart = new uPlot({
    width: width(place),
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, low, high) => [0, Math.max(4, high)] } },
    axes: [{ ...axis, space: 70, values: (_, ticks) => ticks.map(clock) }, { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000] }],
    series: [{}, { stroke: "#ff9d5c", fill: "#ff9d5c55", paths: uPlot.paths.bars({ size: [0.8, 12] }), points: { show: false } }],
  }, data, place);
  addEventListener("resize", () => chart.setSize({ width: width(place), height: HEIGHT }));
}
