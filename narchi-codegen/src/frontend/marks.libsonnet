// Comes before every text that is evaluated with marks. A mark is an item of the hidden field
// '$narchi': the number of an expression, or a list that begins with the number of an object.
local __narchi_std = std;

// What would show marks to the text, or would lose them.
local std = __narchi_std {
  objectFieldsEx(obj, inc_hidden)::
    local all = __narchi_std.objectFieldsEx(obj, inc_hidden);
    if inc_hidden then [it for it in all if it != '$narchi'] else all,

  prune(a)::
    local marks(it) = __narchi_std.get(it, '$narchi', []);
    local empty(it) =
      it == null
      || (__narchi_std.isArray(it) || __narchi_std.isObject(it)) && __narchi_std.length(it) == 0;
    local prune(it) =
      if __narchi_std.isArray(it) then
        local items = [prune(item) for item in it];
        [item for item in items if !empty(item)]
      else if __narchi_std.isObject(it) then
        local fields = { [name]: prune(it[name]) for name in __narchi_std.objectFields(it) };
        { [name]: fields[name] for name in __narchi_std.objectFields(fields) if !empty(fields[name]) }
        { '$narchi':: marks(it) }
      else it;
    prune(a),

  mergePatch(target, patch)::
    local marks(it) = __narchi_std.get(it, '$narchi', []);
    local merge(target, patch) =
      if !__narchi_std.isObject(patch) then patch else
        local base = if __narchi_std.isObject(target) then target else {};
        local has(it, name) = __narchi_std.objectHas(it, name);
        local value(name) =
          if has(patch, name) then merge(__narchi_std.get(base, name, null, false), patch[name])
          else base[name];
        local names = __narchi_std.setUnion(
          __narchi_std.objectFields(base), __narchi_std.objectFields(patch)
        );
        { [name]: value(name) for name in names if !has(patch, name) || patch[name] != null }
        { '$narchi':: marks(base) + marks(patch) };
    merge(target, patch),
};

// Marks the outcome of a call.
local __narchi_call(mark, value) =
  if __narchi_std.isObject(value) then value { '$narchi'+:: [mark] } else value;

// The origins of a sum's items, if it is one of arrays. A term is the origin of an operand and,
// where that does not list items, the operand.
local __narchi_sum(mark, terms) =
  local is_array(term) = __narchi_std.isArray(term[0]) || __narchi_std.isArray(term[1]);
  local items(term) =
    if __narchi_std.isArray(term[0]) then term[0][1] else [term[0] for _ in term[1]];
  if __narchi_std.all([is_array(term) for term in terms])
  then [mark, __narchi_std.flatMap(items, terms)]
  else mark;
