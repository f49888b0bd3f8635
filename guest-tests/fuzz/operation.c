// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operation.h"

enum field {
	NO_FIELD,
	FIRST,
	PAGES,
	SHARED,
	PROT,
	AT,
	FROM,
	BYTES,
	VALUE,
	FILE_,
	CLOEXEC,
	EQUAL,
	WRITE,
	PIN,
	FLAGS,
	CHILD,
	NR_FIELDS,
};

struct field_shape {
	const char *name;
	size_t offset;
	uint32_t least;
	uint32_t below;
};

#define FIELD(member, least, below) { #member, offsetof(struct operation, member), least, below }

static const struct field_shape fields[NR_FIELDS] = {
	[FIRST] = FIELD(first, 0, ARENA_PAGES),
	[PAGES] = FIELD(pages, 1, 9),
	[SHARED] = FIELD(shared, 0, 2),
	[PROT] = FIELD(prot, 0, 3),
	[AT] = FIELD(at, 0, ARENA_BYTES),
	[FROM] = FIELD(from, 0, ARENA_BYTES),
	[BYTES] = FIELD(bytes, 1, ARENA_BYTES + 1),
	[VALUE] = FIELD(value, 0, 256),
	[FILE_] = FIELD(file, 0, FILES),
	[CLOEXEC] = FIELD(cloexec, 0, 2),
	[EQUAL] = FIELD(equal, 0, 2),
	[WRITE] = FIELD(write, 0, 2),
	[PIN] = FIELD(pin, 0, PINS),
	[FLAGS] = FIELD(flags, 1, 4),
	[CHILD] = FIELD(child, 0, CHILDREN),
};

#define MOST_FIELDS 5

struct operation_shape {
	const char *name;
	unsigned int weight;	/* how often it is drawn, relative to the others */
	enum field fields[MOST_FIELDS];
};

/* Children are dear: each is a process, and exec starts a program. */
static const struct operation_shape shapes[NR_OPERATIONS] = {
	[OP_MAP] = { "map", 50, { FIRST, PAGES, SHARED, PROT } },
	[OP_UNMAP] = { "unmap", 12, { FIRST, PAGES } },
	[OP_PROTECT] = { "protect", 24, { FIRST, PAGES, PROT } },
	[OP_DISCARD] = { "discard", 12, { FIRST, PAGES } },
	[OP_RECLAIM] = { "reclaim", 12, { FIRST, PAGES } },
	[OP_WRITE] = { "write", 60, { AT, BYTES, VALUE } },
	[OP_READ] = { "read", 60, { AT, BYTES } },
	[OP_OPEN] = { "open", 20, { FILE_, CLOEXEC } },
	[OP_CLOSE] = { "close", 6, { FILE_ } },
	[OP_PIN] = { "pin", 120, { PIN, FILE_, AT, BYTES, FLAGS } },
	[OP_UNPIN] = { "unpin", 80, { PIN } },
	[OP_FILL] = { "fill", 30, { AT, BYTES, VALUE } },
	[OP_COPY] = { "copy", 30, { AT, FROM, BYTES } },
	[OP_CHECKSUM] = { "checksum", 20, { AT, BYTES } },
	[OP_COMPARE] = { "compare", 20, { AT, FROM, BYTES } },
	[OP_FETCH_ADD] = { "fetch_add", 20, { AT, VALUE } },
	[OP_COMPARE_SWAP] = { "compare_swap", 20, { AT, EQUAL, VALUE } },
	[OP_TOUCH] = { "touch", 20, { AT, BYTES, WRITE } },
	[OP_SCATTER] = { "scatter", 20, { AT, FROM, BYTES, VALUE } },
	[OP_FORK] = { "fork", 6, { CHILD } },
	[OP_CHILD_READ] = { "child_read", 12, { CHILD } },
	[OP_CHILD_WRITE] = { "child_write", 12, { CHILD, AT, VALUE } },
	[OP_CHILD_USE] = { "child_use", 12, { CHILD, FILE_ } },
	[OP_CHILD_CLOSE] = { "child_close", 6, { CHILD, FILE_ } },
	[OP_PASS] = { "pass", 6, { CHILD, FILE_ } },
	[OP_EXEC] = { "exec", 2, { CHILD } },
	[OP_EXIT] = { "exit", 4, { CHILD } },
};

const char *operation_name(enum operation_kind kind)
{
	return shapes[kind].name;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint32_t *member(struct operation *op, enum field field)
{
	return (uint32_t *)((char *)op + fields[field].offset);
}

static enum operation_kind draw_kind(uint64_t *random)
{
	unsigned int total = 0, ticket;
	enum operation_kind kind;

	for (kind = 0; kind < NR_OPERATIONS; kind++)
		total += shapes[kind].weight;
	ticket = draw(random) % total;
	for (kind = 0; ticket >= shapes[kind].weight; kind++)
		ticket -= shapes[kind].weight;
	return kind;
}

/* Few bytes most of the time: they cost less, and stay within a page or cross one border. */
static uint32_t draw_bytes(uint64_t *random)
{
	static const uint32_t most[] = { 64, 64, PAGE, 4 * PAGE };

	return 1 + draw(random) % most[draw(random) % 4];
}

/* All memory is writable as often as not, or hardly anything would succeed. */
static uint32_t draw_prot(uint64_t *random)
{
	static const uint32_t prots[] = { 0, 1, 1, 2, 2, 2, 2, 2 };

	return prots[draw(random) % 8];
}

static uint32_t draw_field(enum field field, uint64_t *random)
{
	const struct field_shape *shape = &fields[field];

	if (field == BYTES)
		return draw_bytes(random);
	if (field == PROT)
		return draw_prot(random);
	return shape->least + draw(random) % (shape->below - shape->least);
}

static uint32_t at_most(uint32_t value, uint32_t limit)
{
	return value < limit ? value : limit;
}

/* Nothing reaches beyond the arena. */
static void clip(struct operation *op)
{
	op->pages = at_most(op->pages, ARENA_PAGES - op->first);
	op->bytes = at_most(op->bytes, ARENA_BYTES - op->at);
	op->bytes = at_most(op->bytes, ARENA_BYTES - op->from);
	if (op->kind == OP_FETCH_ADD || op->kind == OP_COMPARE_SWAP)
		op->at &= -8u;
}

struct operation operation_draw(uint64_t *random)
{
	struct operation op = { .kind = draw_kind(random) };

	for (int i = 0; i < MOST_FIELDS && shapes[op.kind].fields[i]; i++)
		*member(&op, shapes[op.kind].fields[i]) =
			draw_field(shapes[op.kind].fields[i], random);
	clip(&op);
	return op;
}

void operation_print(const struct operation *op, char text[OPERATION_TEXT])
{
	int used = snprintf(text, OPERATION_TEXT, "%s", shapes[op->kind].name);

	for (int i = 0; i < MOST_FIELDS && shapes[op->kind].fields[i]; i++) {
		enum field field = shapes[op->kind].fields[i];

		used += snprintf(text + used, OPERATION_TEXT - used, " %s=%u", fields[field].name,
				 *member((struct operation *)op, field));
	}
}

static bool parse_kind(const char *word, enum operation_kind *kind)
{
	for (*kind = 0; *kind < NR_OPERATIONS; ++*kind)
		if (!strcmp(word, shapes[*kind].name))
			return true;
	return false;
}

static bool parse_field(const char *word, enum field field, struct operation *op)
{
	const struct field_shape *shape = &fields[field];
	size_t length = strlen(shape->name);
	unsigned long value;
	char *end;

	if (!word || strncmp(word, shape->name, length) || word[length] != '=')
		return false;
	value = strtoul(word + length + 1, &end, 10);
	if (*end || end == word + length + 1 || value < shape->least || value >= shape->below)
		return false;
	*member(op, field) = value;
	return true;
}

bool operation_parse(const char *text, struct operation *op)
{
	char copy[OPERATION_TEXT], *rest, *word;

	*op = (struct operation) { 0 };
	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	word = strtok_r(copy, " \n", &rest);
	if (!word || !parse_kind(word, &op->kind))
		return false;
	for (int i = 0; i < MOST_FIELDS && shapes[op->kind].fields[i]; i++)
		if (!parse_field(strtok_r(NULL, " \n", &rest), shapes[op->kind].fields[i], op))
			return false;
	clip(op);
	return strtok_r(NULL, " \n", &rest) == NULL;
}
