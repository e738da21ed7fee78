// SPDX-License-Identifier: GPL-2.0-only
// The behaviour maps.  Every text goes into the page as a text node, never as markup.
"use strict";

(() => {
	const SIDES = ["before", "after"];
	const PANELS = [...SIDES, "changed"];
	const MOST_PAIRS = 12;

	function make(tag, attributes, ...children) {
		const element = document.createElement(tag);
		for (const [name, value] of Object.entries(attributes || {}))
			if (value !== null && value !== false)
				element.setAttribute(name, value === true ? "" : value);
		element.append(...children.filter((child) => child !== null));
		return element;
	}

	const number = (value) => value.toLocaleString("en");
	const bits = (value) => { let n = 0; for (; value; value &= value - 1) n++; return n; };

	function percent(part, whole) {
		const share = 100 * part / whole;
		return part && share < 0.1 ? "< 0.1 %" : `${share.toFixed(share < 10 && part ? 1 : 0)} %`;
	}

	// One entry's map: adds up scenarios, cell by cell.  The rows and columns are those of report/map.py.
	class Grid {
		constructor(data) {
			Object.assign(this, data);
			this.at = Object.fromEntries(this.axes.map(([name], at) => [name, at]));
		}

		// FILTERS: axis name -> code; absent, all of them.
		rows(filters) {
			const rows = new Map();
			for (const group of this.groups) {
				if (!this.passes(group, filters))
					continue;
				const [key, entry, access] = this.rowOf(group);
				if (!rows.has(key)) {
					const kind = this.axes[this.at.entry][2][entry];
					const way = this.axes[this.at.access][2][access];
					const mapped = this.mapped.includes(kind[0]);
					rows.set(key, {key, label: mapped ? `${kind[2]} ${way[2]}` : kind[2], groups: []});
				}
				rows.get(key).groups.push(group);
			}
			return [...rows.values()].sort((a, b) => a.key - b.key);
		}

		rowOf([codes]) {
			const entry = codes[this.at.entry], access = codes[this.at.access];
			const mapped = this.mapped.includes(this.axes[this.at.entry][2][entry][0]);
			return [entry * 16 + (mapped ? access + 1 : 0), entry, access];
		}

		passes([codes], filters) {
			return Object.entries(filters).every(([name, code]) => codes[this.at[name]] === code);
		}

		// WAYS: for each flag "column", "on", "off" or "any".
		columns(ways) {
			const split = this.flags.map((_, bit) => bit).filter((bit) => ways[bit] === "column");
			const columns = [];
			for (let n = 0; n < 1 << split.length; n++) {
				const settled = ways.map((way) => way === "on" ? 1 : way === "off" ? 0 : null);
				split.forEach((bit, at) => { settled[bit] = n >> split.length - 1 - at & 1; });
				columns.push({settled, known: new Map()});
			}
			return {split, columns};
		}

		// How many of the free subsets lead to each pair: [[pair, count], ...]
		leaves(node, column) {
			if (node < 0)
				return [[-1 - node, 2 ** column.settled.filter((on) => on === null).length]];
			if (!column.known.has(node)) {
				const [bit, low, high] = this.nodes[node];
				const on = column.settled[bit];
				if (on !== null) {
					column.known.set(node, this.leaves(on ? high : low, column));
				} else {
					const added = new Map();
					for (const branch of [low, high])
						for (const [pair, count] of this.leaves(branch, column))
							added.set(pair, (added.get(pair) || 0) + count / 2);
					column.known.set(node, [...added]);
				}
			}
			return column.known.get(node);
		}

		count(row, column) {
			const counts = new Map();
			for (const group of row.groups)
				for (const [pair, count] of this.leaves(group[1], column))
					counts.set(pair, (counts.get(pair) || 0) + count * group[2]);
			return counts;
		}

		pairAt(node, subset) {
			while (node >= 0)
				node = this.nodes[node][1 + (subset >> this.nodes[node][0] & 1)];
			return -1 - node;
		}

		// The subset with the fewest flags that leads from NODE to PAIR in COLUMN, or -1.
		plainest(node, pair, settled, known) {
			if (node < 0)
				return -1 - node === pair ? 0 : -1;
			if (!known.has(node)) {
				const [bit, low, high] = this.nodes[node];
				let best = settled[bit] === 1 ? -1 : this.plainest(low, pair, settled, known);
				if (settled[bit] !== 0) {
					const other = this.plainest(high, pair, settled, known);
					if (other >= 0 && (best < 0 || bits(other) + 1 < bits(best)))
						best = other | 1 << bit;
				}
				known.set(node, best);
			}
			return known.get(node);
		}

		// The plainest scenario of a cell with PAIR; those of which the path is known come first.
		witness(row, column, pair) {
			const must = column.settled.reduce((all, on, bit) => all | (on === 1 ? 1 << bit : 0), 0);
			const mustNot = column.settled.reduce((all, on, bit) => all | (on === 0 ? 1 << bit : 0), 0);
			const known = new Map();
			let best = null;
			const offer = (group, subset, paths) => {
				const cost = this.cost(group) + bits(subset) + (paths ? 0 : 1000);
				if (!best || cost < best.cost)
					best = {cost, group, subset, paths};
			};
			for (const group of row.groups) {
				const traced = group[4];
				for (let at = 0; at < traced.length; at += 3) {
					const subset = traced[at];
					if ((subset & must) === must && !(subset & mustNot) && this.pairAt(group[1], subset) === pair)
						offer(group, subset, [traced[at + 1], traced[at + 2]]);
				}
				const subset = this.plainest(group[1], pair, column.settled, known);
				if (subset >= 0)
					offer(group, subset | must, null);
			}
			return best;
		}

		cost([codes, , , rest]) {
			return codes.filter((code) => code).length + this.rests[rest].length;
		}

		// The scenario in words, and as options of `reviewtool simulate`.
		say({group: [codes, , , rest], subset}) {
			const words = [], options = [], flags = this.flags.filter((_, bit) => subset >> bit & 1);
			this.axes.forEach(([name, subject, values], at) => {
				const code = codes[at];
				if (name === "also") {
					if (code)
						flags.push(values[code][0]);
				} else if (code || name === "level" || name === "entry" || name === "access" && this.isMapped(codes)) {
					words.push(`${subject} ${values[code][1]}`);
					options.push(`--set ${name}=${values[code][0]}`);
				}
			});
			for (const [name, value, said] of this.rests[rest]) {
				words.push(said);
				options.push(`--set ${name}=${value}`);
			}
			if (this.flags.length)
				words.push(`flags ${flags.join("|") || "0"}`);
			if (flags.length)
				options.push(`--set flags=${flags.join(",")}`);
			return {words, command: `reviewtool simulate ${this.entry} ${options.join(" ")}`};
		}

		isMapped(codes) {
			return this.mapped.includes(this.axes[this.at.entry][2][codes[this.at.entry]][0]);
		}
	}

	// The same counts as tiles: what letters, which colour, and what a screen reader says.
	function resultTile(grid, counts, side) {
		const results = new Map();
		for (const [pair, count] of counts) {
			const result = grid.outcomes[grid.pairs[pair][side]][1];
			results.set(result, (results.get(result) || 0) + count);
		}
		const ranked = [...results].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
		const total = ranked.reduce((sum, [, count]) => sum + count, 0);
		const kinds = new Map();
		for (const [result, count] of ranked) {
			const kind = grid.kinds[grid.results[result][2]];
			kinds.set(kind, (kinds.get(kind) || 0) + count);
		}
		return {
			letters: grid.results[ranked[0][0]][0],
			more: ranked.length > 1,
			kind: grid.kinds[grid.results[ranked[0][0]][2]],
			shares: [...kinds].map(([kind, count]) => [kind, count / total]),
			said: ranked.slice(0, 4).map(([result, count]) =>
				`${grid.results[result][1]}${ranked.length > 1 ? ` ${percent(count, total)}` : ""}`).join(", "),
			met: ranked.map(([result]) => result),
		};
	}

	function changeTile(grid, counts) {
		const found = grid.differences.map(() => 0);
		for (const [pair, count] of counts)
			found[grid.pairs[pair][2]] += count;
		const total = found.reduce((sum, count) => sum + count, 0);
		const hazard = grid.differences.findIndex(([name]) => name === "hazard");
		let main = 0;
		found.forEach((count, at) => { if (at && count && (!main || count >= found[main])) main = at; });
		const said = found.map((count, at) => count ? `${grid.differences[at][2]} ${percent(count, total)}` : null);
		return {
			letters: grid.differences[main][1] + (found[hazard] && main !== hazard ? grid.differences[hazard][1] : ""),
			more: false,
			kind: `d-${grid.differences[main][0]}`,
			shares: main ? [[`d-${grid.differences[main][0]}`, 1 - found[0] / total], ["none", found[0] / total]] : [],
			said: said.filter((one) => one).reverse().join(", "),
			changed: total - found[0],
			total,
			met: found.map((count, at) => count ? at : -1).filter((at) => at >= 0),
		};
	}

	function bar(shares) {
		let from = 0;
		const stops = shares.map(([kind, share]) => {
			const to = from + 100 * share;
			const stop = `${kind === "none" ? "transparent" : `var(--b-${kind})`} ${from.toFixed(1)}% ${to.toFixed(1)}%`;
			from = to;
			return stop;
		});
		return `linear-gradient(to right, ${stops.join(", ")})`;
	}

	class MapView {
		constructor(section, patch) {
			this.section = section;
			this.patch = patch;
			this.id = section.dataset.patch;
			this.controls = make("div", {class: "controls"});
			this.status = make("p", {class: "status", role: "status"});
			this.printed = make("p", {class: "printed"});
			this.scroll = make("div", {class: "scroll"});
			this.legend = make("div", {class: "legend"});
			this.detail = make("section", {class: "detail", "aria-label": "the chosen cell", tabindex: "-1", hidden: true});
			const body = make("div", {class: "body"}, make("div", {class: "left"}, this.scroll, this.legend), this.detail);
			section.querySelector(".waits").remove();
			section.append(this.controls, this.status, this.printed, body);
			this.scroll.addEventListener("keydown", (event) => this.move(event));
			this.scroll.addEventListener("click", (event) => this.open(event.target.closest("td[data-row]")));
			this.scroll.addEventListener("focusin", (event) => this.settle(event.target.closest("td[data-row]")));
			this.detail.addEventListener("keydown", (event) => {
				if (event.key === "Escape")
					this.scroll.querySelector("td[tabindex='0']").focus();
			});
			this.view = matchMedia("(max-width: 62rem)").matches ? "changed" : "all";
			this.choose(patch.leading);
		}

		choose(at) {
			this.grid = new Grid(this.patch.maps[at]);
			this.number = at;
			this.filters = {};
			this.only = false;
			this.ways = this.grid.flags.map((flag) => this.grid.shown.includes(flag) ? "column" : this.grid.others);
			if (this.grid.at.also !== undefined)
				this.filters.also = 0;
			this.drawControls();
			this.draw();
		}

		select(label, options, value, change) {
			const select = make("select", {"data-control": label},
				...options.map(([key, words]) => make("option", {value: key, selected: key === String(value)}, words)));
			select.addEventListener("change", () => { change(select.value); this.draw(); });
			return make("label", {}, make("span", {}, label), select);
		}

		drawControls() {
			const grid = this.grid, parts = [];
			const entry = this.select("entry function",
				this.patch.maps.map((map, at) => [String(at), `${map.entry}() ${map.changed ? "≠" : "="}`]),
				this.number, () => {});
			entry.querySelector("select").addEventListener("change", (event) => {
				this.choose(Number(event.target.value));
				this.controls.querySelector("select").focus();
			});
			parts.push(entry);
			for (const [name, subject, values] of grid.axes) {
				if (name === "entry" || name === "access")
					continue;
				const met = new Set(grid.groups.map((group) => group[0][grid.at[name]]));
				if (met.size < 2)
					continue;
				const title = {vma: "VMA", also: "one flag more"}[name] || name;
				const options = [["", "any"], ...values.map((value, code) => [String(code), value[2], value[1]])
					.filter(([code]) => met.has(Number(code)))];
				parts.push(this.select(title, options, this.filters[name] ?? "", (value) => {
					if (value === "")
						delete this.filters[name];
					else
						this.filters[name] = Number(value);
				}));
			}
			parts.push(this.select("show", [["all", "before, after, changed"], ...PANELS.map((panel) => [panel, panel])],
				this.view, (value) => { this.view = value; }));
			const only = make("input", {type: "checkbox", "data-control": "only"});
			only.addEventListener("change", () => { this.only = only.checked; this.draw(); });
			parts.push(make("label", {class: "check"}, only, make("span", {}, "only rows that change")));
			const rows = [make("div", {class: "line"}, ...parts)];
			const useful = grid.flags.filter((flag) => !grid.idle.includes(flag));
			if (useful.length) {
				const flags = useful.map((flag) => {
					const bit = grid.flags.indexOf(flag);
					return this.select(flag.replace("FOLL_", ""),
						[["column", "columns"], ["off", "not passed"], ["on", "passed"], ["any", "any"]],
						this.ways[bit], (value) => { this.ways[bit] = value; });
				});
				rows.push(make("fieldset", {class: "line flags"}, make("legend", {}, "FOLL_ flags"), ...flags));
			}
			if (grid.idle.length)
				rows.push(make("p", {class: "dim"}, `No outcome depends on ${grid.idle.join(", ")}.`));
			this.controls.replaceChildren(...rows);
		}

		draw() {
			const grid = this.grid;
			const columns = grid.columns(this.ways);
			this.columns = columns;
			this.panels = this.view === "all" ? PANELS : [this.view];
			let seen = 0, changed = 0;
			const rows = [];
			for (const row of grid.rows(this.filters)) {
				row.cells = columns.columns.map((column) => grid.count(row, column));
				row.changes = row.cells.map((counts) => changeTile(grid, counts));
				const touched = row.changes.reduce((sum, tile) => sum + tile.changed, 0);
				seen += row.changes.reduce((sum, tile) => sum + tile.total, 0);
				changed += touched;
				if (touched || !this.only)
					rows.push(row);
			}
			this.rows = rows;
			this.status.textContent = `${number(seen)} of ${number(grid.scenarios)} scenarios are in view, ` +
				`${number(changed)} of the ${number(grid.changed)} that change.`;
			this.printed.textContent = this.chosen();
			this.drawTable();
			this.close();
		}

		// What is chosen, for paper, which has no controls.
		chosen() {
			const grid = this.grid, said = [`${grid.entry}()`];
			for (const [name, code] of Object.entries(this.filters))
				said.push(`${name}: ${grid.axes[grid.at[name]][2][code][2]}`);
			for (const [way, words] of [["off", "not passed"], ["on", "passed"], ["any", "any"]]) {
				const flags = grid.flags.filter((flag, bit) => this.ways[bit] === way && !grid.idle.includes(flag));
				if (flags.length)
					said.push(`${words}: ${flags.join(" ")}`);
			}
			return said.join("; ");
		}

		drawTable() {
			const {split, columns} = this.columns, grid = this.grid, wide = columns.length;
			const met = new Set(), differs = new Set(), gap = () => make("td", {class: "gap"});
			const head = make("thead");
			head.append(make("tr", {}, make("td", {class: "corner"}), ...this.panels.flatMap((panel, at) => [
				at ? gap() : null, make("th", {scope: "colgroup", colspan: String(wide), class: "panel"}, panel)].filter((one) => one))));
			for (const bit of split)
				head.append(make("tr", {class: "bits"}, make("th", {scope: "row"}, grid.flags[bit]),
					...this.panels.flatMap((_, at) => columns.map((column) =>
						make("td", {}, column.settled[bit] ? "●" : "○")).flatMap((cell, n) => at && !n ? [gap(), cell] : [cell]))));
			const body = make("tbody");
			this.rows.forEach((row, r) => {
				const line = make("tr", {}, make("th", {scope: "row"}, row.label));
				this.panels.forEach((panel, p) => columns.forEach((column, c) => {
					const tile = panel === "changed" ? row.changes[c] : resultTile(grid, row.cells[c], SIDES.indexOf(panel));
					for (const one of tile.met)
						(panel === "changed" ? differs : met).add(one);
					const flags = split.filter((bit) => column.settled[bit]).map((bit) => grid.flags[bit]);
					const cell = make("td", {
						role: "gridcell", tabindex: r || p || c ? "-1" : "0", class: `k-${tile.kind}`,
						"data-row": String(r), "data-column": String(c), "data-panel": panel, "aria-selected": "false",
						"aria-label": `${tile.letters}${tile.more ? "+" : ""}, ${panel}, ${row.label}${split.length ? `, ${flags.join(" ") || "none of these flags"}` : ""}: ${tile.said}`,
					}, make("span", {class: "letters"}, tile.letters), tile.more ? make("span", {class: "more"}, "+") : null);
					if (tile.shares.length > 1)
						cell.style.setProperty("--bar", bar(tile.shares));
					if (p && !c)
						line.append(gap());
					line.append(cell);
				}));
				body.append(line);
			});
			const table = make("table", {
				role: "grid", class: wide > 2 ? "grid" : "grid roomy", "aria-label": `behaviour map of ${grid.entry}()`,
			}, head, body);
			this.scroll.replaceChildren(this.rows.length ? table : make("p", {}, "No scenario is like that."));
			this.drawLegend(met, differs);
		}

		drawLegend(met, differs) {
			const grid = this.grid, items = [];
			const item = (kind, letters, words) => make("li", {},
				make("span", {class: `swatch k-${kind}`}, letters), make("span", {}, words));
			grid.results.forEach(([letters, words, kind], at) => {
				if (met.has(at))
					items.push(item(grid.kinds[kind], letters, words));
			});
			grid.differences.forEach(([name, symbol, words], at) => {
				if (differs.has(at))
					items.push(item(`d-${name}`, symbol, words));
			});
			this.legend.replaceChildren(make("ul", {}, ...items), make("p", {class: "dim"},
				"A cell has the letters of its most frequent result; + says that there are others, and the bar at its foot how they share. " +
				"Arrow keys move, Enter opens a cell, Escape comes back."));
		}

		cell(r, position) {
			const wide = this.columns.columns.length;
			const panel = this.panels[Math.floor(position / wide)];
			return this.scroll.querySelector(`td[data-row="${r}"][data-column="${position % wide}"][data-panel="${panel}"]`);
		}

		settle(cell) {
			if (!cell)
				return;
			for (const other of this.scroll.querySelectorAll("td[tabindex='0']"))
				other.tabIndex = -1;
			cell.tabIndex = 0;
		}

		move(event) {
			const cell = event.target.closest("td[data-row]");
			if (!cell || event.altKey || event.metaKey)
				return;
			const wide = this.columns.columns.length, last = wide * this.panels.length - 1, bottom = this.rows.length - 1;
			let r = Number(cell.dataset.row);
			let at = this.panels.indexOf(cell.dataset.panel) * wide + Number(cell.dataset.column);
			switch (event.key) {
			case "ArrowRight": at = Math.min(last, at + 1); break;
			case "ArrowLeft": at = Math.max(0, at - 1); break;
			case "ArrowDown": r = Math.min(bottom, r + 1); break;
			case "ArrowUp": r = Math.max(0, r - 1); break;
			case "PageDown": r = bottom; break;
			case "PageUp": r = 0; break;
			case "Home": at = 0; if (event.ctrlKey) r = 0; break;
			case "End": at = last; if (event.ctrlKey) r = bottom; break;
			case "Enter": case " ": event.preventDefault(); this.open(cell); return;
			case "Escape": this.close(); return;
			default: return;
			}
			event.preventDefault();
			this.cell(r, at).focus();
		}

		close() {
			this.detail.hidden = true;
			for (const cell of this.scroll.querySelectorAll("td[aria-selected='true']"))
				cell.setAttribute("aria-selected", "false");
		}

		open(cell) {
			if (!cell)
				return;
			this.close();
			this.settle(cell);
			cell.setAttribute("aria-selected", "true");
			const grid = this.grid;
			const row = this.rows[Number(cell.dataset.row)], c = Number(cell.dataset.column);
			const column = this.columns.columns[c], counts = row.cells[c];
			const panel = cell.dataset.panel, tile = row.changes[c];
			const flags = this.columns.split.map((bit) =>
				`${column.settled[bit] ? "" : "no "}${grid.flags[bit].replace("FOLL_", "")}`).join(", ");
			const pairs = [...counts].sort((a, b) => (grid.pairs[b[0]][2] > 0) - (grid.pairs[a[0]][2] > 0) || b[1] - a[1]);
			if (panel !== "changed")
				pairs.sort((a, b) => b[1] - a[1]);
			const total = tile.total;
			const heading = make("h4", {}, row.label, flags ? make("span", {class: "dim"}, ` ${flags}`) : null);
			const facts = make("p", {"aria-live": "polite"}, `${number(total)} scenarios, ${tile.changed ? `${number(tile.changed)} change` : "none changes"}.`);
			const list = make("ul", {class: "pairs"}), place = make("div", {class: "witness"});
			pairs.slice(0, MOST_PAIRS).forEach(([pair, count], at) => {
				const [before, after, difference] = grid.pairs[pair];
				const [name, symbol] = grid.differences[difference];
				const button = make("button", {type: "button", "aria-pressed": "false", class: `k-d-${name}`},
					make("span", {class: "symbol", "aria-hidden": "true"}, symbol),
					make("span", {}, difference ? `${grid.outcomes[before][0]} → ${grid.outcomes[after][0]}` : grid.outcomes[before][0]),
					make("span", {class: "dim"}, ` ${number(count)} (${percent(count, total)})`));
				button.addEventListener("click", () => {
					for (const other of list.querySelectorAll("button"))
						other.setAttribute("aria-pressed", String(other === button));
					this.show(place, row, column, pair);
				});
				list.append(make("li", {}, button));
				if (!at)
					queueMicrotask(() => button.click());
			});
			if (pairs.length > MOST_PAIRS)
				list.append(make("li", {class: "dim"}, `and ${pairs.length - MOST_PAIRS} rarer outcomes`));
			this.detail.replaceChildren(heading, facts, list, place);
			this.detail.hidden = false;
			if (matchMedia("(max-width: 62rem)").matches)
				this.detail.scrollIntoView({block: "nearest"});
		}

		show(place, row, column, pair) {
			const grid = this.grid, found = grid.witness(row, column, pair);
			const [before, after, difference] = grid.pairs[pair];
			const said = grid.say(found);
			const parts = [make("h5", {}, "The plainest such scenario"),
				make("ul", {class: "scenario"}, ...said.words.map((words) => make("li", {}, words)))];
			const table = make("dl", {}, make("dt", {}, "before"), make("dd", {}, grid.outcomes[before][0]),
				make("dt", {}, "after"), make("dd", {}, difference ? grid.outcomes[after][0] : "the same"));
			parts.push(table, make("p", {class: "command"}, make("code", {}, said.command)));
			if (found.paths)
				parts.push(make("h5", {}, "Statements that ran, in order, before and after"), this.paths(found.paths));
			else
				parts.push(make("p", {class: "dim"}, "The statements of this one were not kept; the command shows them."));
			place.replaceChildren(...parts);
		}

		// Both runs as one list: what only one of them did is marked, as in a diff.
		paths(numbers) {
			const [old, now] = numbers.map((at, side) => this.grid.paths[side][at].map((n) => this.patch.lines[side][n]));
			const list = make("ol", {class: "paths"});
			let file = "";
			for (const [before, after] of align(old, now)) {
				const [path, , text] = before || after;
				if (path !== file)
					list.append(make("li", {class: "file"}, path));
				file = path;
				list.append(make("li", {class: before && after ? null : before ? "del" : "add"},
					make("span", {class: "no"}, before ? String(before[1]) : ""), make("span", {class: "no"}, after ? String(after[1]) : ""),
					make("span", {class: "mark", "aria-hidden": "true"}, before && after ? " " : before ? "−" : "+"), make("code", {}, text),
					before && after ? null : make("span", {class: "hide"}, before ? " (only before)" : " (only after)")));
			}
			return list.childElementCount ? list : make("p", {class: "dim"}, "none");
		}
	}

	// Pairs of lines of OLD and NOW, a longest common subsequence of them together.
	function align(old, now) {
		const same = (a, b) => a[0] === b[0] && a[2] === b[2];
		const best = Array.from({length: old.length + 1}, () => new Uint16Array(now.length + 1));
		for (let a = old.length - 1; a >= 0; a--)
			for (let b = now.length - 1; b >= 0; b--)
				best[a][b] = same(old[a], now[b]) ? best[a + 1][b + 1] + 1 : Math.max(best[a + 1][b], best[a][b + 1]);
		const pairs = [];
		let a = 0, b = 0;
		while (a < old.length || b < now.length)
			if (a < old.length && b < now.length && same(old[a], now[b]))
				pairs.push([old[a++], now[b++]]);
			else if (b >= now.length || a < old.length && best[a + 1][b] >= best[a][b + 1])
				pairs.push([old[a++], null]);
			else
				pairs.push([null, now[b++]]);
		return pairs;
	}

	async function unpack() {
		const packed = atob(document.getElementById("data").textContent.trim());
		const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
		const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
		return JSON.parse(await new Response(stream).text());
	}

	const waiting = document.querySelectorAll("section.map");
	unpack().then((patches) => {
		for (const section of waiting)
			section.view = new MapView(section, patches[Number(section.dataset.patch)]);
		document.documentElement.dataset.ready = "yes";
	}).catch((error) => {
		for (const section of waiting)
			section.querySelector(".waits").textContent = `The map cannot be drawn: ${error.message}`;
	});

	// What is folded is printed all the same.
	let folded = [];
	addEventListener("beforeprint", () => {
		folded = [...document.querySelectorAll("details:not([open])")];
		folded.forEach((one) => { one.open = true; });
	});
	addEventListener("afterprint", () => folded.forEach((one) => { one.open = false; }));
})();
